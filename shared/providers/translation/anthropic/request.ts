import type { Chat } from '../chat.ts';
import { cannotExpress } from '../fields.ts';
import { readChat } from '../readChat.ts';
import { expressibleFields } from './fields.ts';
import { messagesOf } from './messages.ts';
import { defaultMaxTokens } from './models.ts';
import { toolFieldsOf } from './tools.ts';

export interface MessagesRules {
  /** For errors, such as `Anthropic`. */
  readonly provider: string;
  /** The provider's name for the model. `undefined`: the body names none, as on Bedrock and Vertex. */
  readonly model: string | undefined;
  /** The model that the body does not name, for rules that depend on it. Default: the request's. */
  readonly unnamedModel?: string | undefined;
  /** The entry's `dropFields`. */
  readonly dropFields: readonly string[];
}

/**
 * A chat completion request as a request to Anthropic's Messages API:
 * https://platform.claude.com/docs/en/api/messages/create
 *
 * `max_tokens` is 32,000, or the smaller maximum of an old model, if the request names none.
 *
 * @throws RefusedError naming the field that is malformed, or that Claude cannot express
 */
export function messagesRequest(
  body: Readonly<Record<string, unknown>>,
  { provider, model, unnamedModel, dropFields }: MessagesRules,
): Record<string, unknown> {
  const name = model ?? unnamedModel ?? String(body.model);
  const fields = expressibleFields(body, { provider, model: name, dropFields });
  const chat = readChat(body, { provider, fields, dropFields });
  const { instructions, maxTokens, temperature, topP, stop, user } = chat;
  const system = instructions.filter((text) => text.trim() !== '');
  return {
    ...(model === undefined ? {} : { model }),
    max_tokens: maxTokens ?? defaultMaxTokens(name),
    ...(system.length === 0 ? {} : { system: systemOf(system) }),
    messages: messagesOf(chat, provider),
    ...toolFieldsOf(chat, provider),
    ...outputOf(chat, provider),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(stop.length === 0 ? {} : { stop_sequences: stop }),
    ...(user === undefined ? {} : { metadata: { user_id: user } }),
  };
}

function systemOf(texts: readonly string[]): unknown {
  return texts.length === 1 ? texts[0] : texts.map((text) => ({ type: 'text', text }));
}

/** https://platform.claude.com/docs/en/build-with-claude/structured-outputs and …/effort */
function outputOf({ responseFormat, reasoningEffort }: Chat, provider: string): object {
  if (responseFormat?.type === 'json_object')
    throw cannotExpress(
      'body.response_format.type',
      provider,
      'use json_schema instead of json_object',
    );
  const config = {
    ...(reasoningEffort === undefined ? {} : { effort: reasoningEffort }),
    ...(responseFormat?.type === 'json_schema'
      ? { format: { type: 'json_schema', schema: responseFormat.schema } }
      : {}),
  };
  return Object.keys(config).length === 0 ? {} : { output_config: config };
}
