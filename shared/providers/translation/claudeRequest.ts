import { omitUndefined } from '../../omitUndefined.ts';
import type { Chat } from './chat.ts';
import { claudeMessages, claudeToolFields } from './claudeMessages.ts';
import {
  cannotExpress,
  expressibleFields,
  type FieldCondition,
  type TranslationRules,
} from './fields.ts';
import { readChat } from './readChat.ts';

export interface ClaudeRules extends TranslationRules {
  /** The provider's name for the model. Undefined: the body has no model, as on Bedrock and Vertex. */
  readonly model: string | undefined;
  /** The model if the body has none, for rules that depend on it. Default: the request's model. */
  readonly unnamedModel?: string | undefined;
}

/**
 * Translates a chat completion request into a request of Anthropic's Messages API:
 * https://platform.claude.com/docs/en/api/messages/create
 *
 * `max_tokens` is 32,000, or the smaller maximum of an old model, if the request sets none.
 *
 * @throws RefusedError naming the field that is malformed, or that Claude cannot express
 */
export function claudeRequest(
  body: Readonly<Record<string, unknown>>,
  { provider, model, unnamedModel, dropFields }: ClaudeRules,
): Record<string, unknown> {
  const name = model ?? unnamedModel ?? String(body.model);
  const rules = { provider, dropFields };
  const fields = expressibleFields(body, ALWAYS_EXPRESSIBLE, conditionsOf(name), rules);
  const chat = readChat(body, { ...rules, fields });
  const { maxTokens, temperature, topP, stop, user } = chat;
  return omitUndefined({
    model,
    max_tokens: maxTokens ?? defaultMaxTokens(name),
    system: systemOf(chat),
    messages: claudeMessages(chat, provider),
    ...claudeToolFields(chat, provider),
    output_config: outputConfigOf(chat, provider),
    temperature,
    top_p: topP,
    stop_sequences: stop.length === 0 ? undefined : stop,
    metadata: user === undefined ? undefined : { user_id: user },
  });
}

function systemOf({ instructions }: Chat): unknown {
  const texts = instructions.filter((text) => text.trim() !== '');
  return texts.length > 1 ? texts.map((text) => ({ type: 'text', text })) : texts[0];
}

/** https://platform.claude.com/docs/en/build-with-claude/structured-outputs and …/effort */
function outputConfigOf({ responseFormat, reasoningEffort }: Chat, provider: string) {
  if (responseFormat?.type === 'json_object')
    throw cannotExpress(
      'body.response_format.type',
      provider,
      'use json_schema instead of json_object',
    );
  const config = omitUndefined({
    effort: reasoningEffort,
    format:
      responseFormat?.type === 'json_schema'
        ? { type: 'json_schema', schema: responseFormat.schema }
        : undefined,
  });
  return Object.keys(config).length === 0 ? undefined : config;
}

const ALWAYS_EXPRESSIBLE = [
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'max_tokens',
  'max_completion_tokens',
  'user',
];

/** `output_config.effort`: https://platform.claude.com/docs/en/build-with-claude/effort */
const EFFORTS: readonly unknown[] = ['low', 'medium', 'high', 'xhigh', 'max'];

const SAMPLING_CONDITIONS: readonly FieldCondition[] = [
  {
    field: 'temperature',
    isMet: (value) => typeof value !== 'number' || value <= 1,
    fix: 'use a number from 0 to 1',
  },
  {
    // 400: "`temperature` and `top_p` cannot both be specified for this model"
    field: 'top_p',
    isMet: (_value, { temperature }) => temperature == null || temperature === 1,
    fix: 'send temperature or top_p, not both',
  },
];

const CONDITIONS: readonly FieldCondition[] = [
  {
    // 400: "each stop sequence must contain non-whitespace"
    field: 'stop',
    isMet: (value) => [value].flat().every((text) => typeof text !== 'string' || !!text.trim()),
    fix: 'leave out stop sequences of nothing but white space',
  },
  {
    field: 'reasoning_effort',
    isMet: (value) => EFFORTS.includes(value),
    fix: `use one of ${EFFORTS.join(', ')}`,
  },
];

function conditionsOf(model: string): readonly FieldCondition[] {
  return takesSampling(model) ? [...SAMPLING_CONDITIONS, ...CONDITIONS] : CONDITIONS;
}

/**
 * Facts about Claude models by their names, as Anthropic, Bedrock (`anthropic.claude-…`) and
 * Vertex AI (`claude-…@…`) write them.
 */

/** The models that still accept `temperature` and `top_p`: all up to 4.6. */
const SAMPLING_MODELS = /claude-(?:instant|v?[23]|(?:opus|sonnet|haiku)-4(?!-[7-9](?!\d)))/;

/**
 * Whether a model accepts `temperature` and `top_p`. Claude models from Opus 4.7 on answer 400
 * ("`temperature` is deprecated for this model"), and the SDK's types no longer have them:
 * https://platform.claude.com/docs/en/about-claude/models/migration-guide. A name without `claude`
 * may be any model behind a gateway.
 */
export function takesSampling(model: string): boolean {
  return !model.includes('claude') || SAMPLING_MODELS.test(model);
}

/**
 * `max_tokens`, which Anthropic requires, of a request that sets none. It is the smallest maximum
 * of all models since Claude 4, so that each of them accepts it; only generated tokens are billed.
 * https://platform.claude.com/docs/en/about-claude/models/overview
 */
const DEFAULT_MAX_TOKENS = 32_000;

/** The smaller maxima of older models. */
const OLDER_MAX_TOKENS: readonly (readonly [RegExp, number])[] = [
  [/claude-3-5/, 8_192],
  [/claude-(?:instant|v?2|3-(?:opus|sonnet|haiku))/, 4_096],
];

export function defaultMaxTokens(model: string): number {
  return OLDER_MAX_TOKENS.find(([name]) => name.test(model))?.[1] ?? DEFAULT_MAX_TOKENS;
}
