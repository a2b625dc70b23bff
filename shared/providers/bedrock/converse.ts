import { refusal } from '../../batch/errors.ts';
import type { Chat, Part, Tool, Turn } from '../translation/chat.ts';
import { cannotExpress } from '../translation/fields.ts';
import { readChat } from '../translation/readChat.ts';

/** What the model behind the request can do. */
export interface ConverseRules {
  /** For errors, such as `Amazon Nova`. */
  readonly provider: string;
  readonly dropFields: readonly string[];
  /** Whether tools may be named. */
  readonly tools: boolean;
  /** Whether the answer may be bound to a JSON schema. */
  readonly schemas: boolean;
}

const FIELDS = [
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'stop',
  'response_format',
];
const TOOL_FIELDS = ['tools', 'tool_choice'];

/**
 * A chat completion request as the body of a Converse call:
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
 *
 * @throws RefusedError naming the field that Converse cannot express
 */
export function converseRequest(
  body: Readonly<Record<string, unknown>>,
  rules: ConverseRules,
): Record<string, unknown> {
  const fields = new Set(rules.tools ? [...FIELDS, ...TOOL_FIELDS] : FIELDS);
  const chat = readChat(body, { ...rules, fields });
  if (rules.tools && chat.tools.length === 0) checkToolless(chat);
  const inferenceConfig = inferenceConfigOf(chat, rules);
  const outputConfig = outputConfigOf(chat, rules);
  return {
    ...(chat.instructions.length > 0
      ? { system: chat.instructions.map((text) => ({ text })) }
      : {}),
    messages: converseMessages(chat.turns, rules),
    ...(Object.keys(inferenceConfig).length > 0 ? { inferenceConfig } : {}),
    ...(chat.tools.length > 0 ? { toolConfig: toolConfigOf(chat, rules) } : {}),
    ...(outputConfig === undefined ? {} : { outputConfig }),
  };
}

/** Bedrock refuses calls of tools that the request does not name. */
function checkToolless({ turns, toolChoice = 'auto' }: Chat): void {
  const mustCall = toolChoice === 'required' || typeof toolChoice === 'object';
  if (mustCall || turns.some(usesTools))
    throw refusal('invalid_field', 'body.tools must name the tools that the request speaks of');
}

// API_runtime_InferenceConfiguration: OpenAI's goes to 2.
const MAX_TEMPERATURE = 1;

function inferenceConfigOf(chat: Chat, { provider }: ConverseRules): Record<string, unknown> {
  const { maxTokens, temperature, topP, stop } = chat;
  if (temperature !== undefined && temperature > MAX_TEMPERATURE)
    throw cannotExpress('body.temperature', provider, `use at most ${MAX_TEMPERATURE}`);
  return {
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(stop.length > 0 ? { stopSequences: stop } : {}),
  };
}

function outputConfigOf({ responseFormat }: Chat, rules: ConverseRules): object | undefined {
  if (responseFormat === undefined || responseFormat.type === 'text') return undefined;
  if (responseFormat.type === 'json_schema' && rules.schemas) {
    const { name, schema } = responseFormat;
    const structure = { jsonSchema: { name, schema: JSON.stringify(schema) } };
    return { textFormat: { type: 'json_schema', structure } };
  }
  if (rules.dropFields.includes('response_format')) return undefined;
  throw cannotExpress('body.response_format', rules.provider);
}

function toolConfigOf({ tools, toolChoice }: Chat, rules: ConverseRules): object {
  const choice = toolChoiceOf(toolChoice, rules);
  return {
    tools: tools.map((tool, index) => ({ toolSpec: toolSpecOf(tool, index, rules) })),
    ...(choice === undefined ? {} : { toolChoice: choice }),
  };
}

function toolChoiceOf(choice: Chat['toolChoice'], { provider }: ConverseRules): object | undefined {
  if (choice === undefined) return undefined;
  if (typeof choice === 'object') return { tool: { name: choice.tool } };
  if (choice === 'none')
    throw cannotExpress('body.tool_choice', provider, 'leave the tools out instead of "none"');
  return choice === 'required' ? { any: {} } : { auto: {} };
}

const STRICT = 'tools.function.strict';

function toolSpecOf(tool: Tool, index: number, { provider, dropFields }: ConverseRules): object {
  const { name, description, parameters = { type: 'object', properties: {} }, strict } = tool;
  if (strict === true && !dropFields.includes(STRICT)) {
    const fix = `remove it, or list ${JSON.stringify(STRICT)} in the entry's dropFields`;
    throw cannotExpress(`body.tools[${index}].function.strict`, provider, fix);
  }
  return {
    name,
    ...(description === undefined ? {} : { description }),
    inputSchema: { json: parameters },
  };
}

interface Message {
  readonly role: 'user' | 'assistant';
  readonly content: readonly object[];
}

/** API_runtime_ImageBlock: its `format`, by the type of a data URL. */
const IMAGE_FORMATS: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpeg',
  'image/gif': 'gif',
  'image/webp': 'webp',
};

/**
 * The turns of a chat as messages of Converse, whose roles must alternate and begin with the
 * user's: neighbours of one role, such as tool results and what the user says next, become one.
 *
 * @throws RefusedError naming what cannot be expressed
 */
export function converseMessages(
  turns: readonly Turn[],
  { provider, tools }: Pick<ConverseRules, 'provider' | 'tools'>,
): Message[] {
  const messages: Message[] = [];
  for (const turn of turns) {
    if (!tools && usesTools(turn)) throw noTools(provider);
    const role = turn.role === 'assistant' ? 'assistant' : 'user';
    const content = contentOf(turn, provider);
    const last = messages.at(-1);
    if (last?.role === role) messages[messages.length - 1] = joined(last, content);
    else messages.push({ role, content });
  }
  if (messages[0]?.role !== 'user')
    throw refusal('invalid_field', `body.messages must begin with a user's for ${provider}`);
  if (messages.some(({ content }) => content.length === 0))
    throw refusal('invalid_field', `body.messages has one without content: ${provider} takes none`);
  return messages;
}

function joined(message: Message, content: readonly object[]): Message {
  return { ...message, content: [...message.content, ...content] };
}

/** Whether it is a call of a tool, or the answer to one. */
export function usesTools(turn: Turn): boolean {
  return turn.role === 'tool' || (turn.role === 'assistant' && turn.toolCalls.length > 0);
}

function noTools(provider: string) {
  const message = `body.messages has tool calls, which ${provider} do not take`;
  return refusal('unsupported_field', message);
}

function contentOf(turn: Turn, provider: string): object[] {
  switch (turn.role) {
    case 'user':
      return turn.parts.filter(saysSomething).map((part) => blockOf(part, provider));
    case 'assistant':
      return [
        ...turn.parts.filter(saysSomething).map(({ text }) => ({ text })),
        ...turn.toolCalls.map(({ id, name, arguments: input }) => ({
          toolUse: { toolUseId: id, name, input },
        })),
      ];
    case 'tool':
      return turn.results.map(({ callId, text }) => ({
        toolResult: { toolUseId: callId, content: text === '' ? [] : [{ text }] },
      }));
  }
}

/** Bedrock refuses a block of blank text, which says nothing. */
function saysSomething(part: Part): boolean {
  return part.type !== 'text' || part.text.trim() !== '';
}

function blockOf(part: Part, provider: string): object {
  if (part.type === 'text') return { text: part.text };
  const format = IMAGE_FORMATS[part.mediaType];
  if (format !== undefined) return { image: { format, source: { bytes: part.data } } };
  const known = Object.keys(IMAGE_FORMATS).join(', ');
  const message = `body.messages has an image of type ${part.mediaType}: ${provider} takes ${known}`;
  throw refusal('unsupported_field', message);
}
