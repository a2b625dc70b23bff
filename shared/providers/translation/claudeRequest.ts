import { refusal } from '../../batch/errors.ts';
import type { Chat, Part, TextPart, Tool, Turn } from './chat.ts';
import { cannotExpress } from './fields.ts';
import { readChat } from './readChat.ts';

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

interface Rules {
  readonly provider: string;
  readonly model: string;
  readonly dropFields: readonly string[];
}

const ALWAYS = [
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

/** A field that Claude takes with some values only; the others may be dropped. */
interface Condition {
  readonly field: string;
  readonly isMet: (value: unknown, body: Readonly<Record<string, unknown>>) => boolean;
  readonly fix: string;
}

const CONDITIONS: readonly Condition[] = [
  {
    field: 'temperature',
    isMet: (value) => typeof value !== 'number' || value <= 1,
    fix: 'use a number from 0 to 1',
  },
  {
    // 400: "`temperature` and `top_p` cannot both be specified for this model"
    field: 'top_p',
    isMet: (_value, { temperature }) => isUnset(temperature) || temperature === 1,
    fix: 'send temperature or top_p, not both',
  },
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

/**
 * The fields of this request that Claude can express.
 *
 * @throws RefusedError naming the first one whose value Claude does not take
 */
export function expressibleFields(
  body: Readonly<Record<string, unknown>>,
  { provider, model, dropFields }: Rules,
): ReadonlySet<string> {
  const fields = new Set(ALWAYS);
  for (const { field, isMet, fix } of CONDITIONS) {
    const value = body[field];
    const isSampling = field === 'temperature' || field === 'top_p';
    // 1 is what happens anyway; a model that takes neither is as for fields that do not exist.
    if (isUnset(value) || (isSampling && (value === 1 || !takesSampling(model)))) continue;
    if (isMet(value, body)) fields.add(field);
    else if (!dropFields.includes(field)) throw cannotExpress(`body.${field}`, provider, fix);
  }
  return fields;
}

function isUnset(value: unknown): boolean {
  return value === undefined || value === null;
}

/**
 * `tools` and `tool_choice`.
 * https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use
 */
export function toolFieldsOf(chat: Chat, provider: string): object {
  const { tools, turns, toolChoice } = chat;
  if (tools.length > 0) return { tools: tools.map(toolOf), ...toolChoiceOf(chat) };
  // 400: "Requests which have `tool_use` or `tool_result` blocks must define tools"
  if (turns.some(({ role }) => role === 'tool'))
    throw refusal(
      'missing_field',
      `body.tools is missing, which ${provider} wants where messages call tools: name the tools`,
    );
  if (toolChoice === undefined || toolChoice === 'auto' || toolChoice === 'none') return {};
  throw refusal('missing_field', 'body.tool_choice asks for a tool, and body.tools has none');
}

function toolOf({ name, description, parameters, strict }: Tool): object {
  return {
    name,
    ...(description === undefined ? {} : { description }),
    input_schema: { type: 'object', ...parameters },
    ...(strict ? { strict } : {}),
  };
}

function toolChoiceOf({ toolChoice, parallelToolCalls }: Chat): object {
  const oneAtATime = parallelToolCalls === false ? { disable_parallel_tool_use: true } : {};
  if (toolChoice === 'none') return { tool_choice: { type: 'none' } };
  if (toolChoice === 'required') return { tool_choice: { type: 'any', ...oneAtATime } };
  if (typeof toolChoice === 'object')
    return { tool_choice: { type: 'tool', name: toolChoice.tool, ...oneAtATime } };
  // `auto` is what happens anyway.
  return toolChoice === undefined && parallelToolCalls !== false
    ? {}
    : { tool_choice: { type: 'auto', ...oneAtATime } };
}

/**
 * What is known of Claude models by their names, as Anthropic, Bedrock (`anthropic.claude-…`) and
 * Vertex AI (`claude-…@…`) write them.
 */

/** The models that still take `temperature` and `top_p`: all up to 4.6. */
const SAMPLING = /claude-(?:instant|v?[23]|(?:opus|sonnet|haiku)-4(?!-[7-9](?!\d)))/;

/**
 * Whether a model takes `temperature` and `top_p`. Claude models from Opus 4.7 on answer 400
 * ("`temperature` is deprecated for this model"), and the SDK's types have them no more:
 * https://platform.claude.com/docs/en/about-claude/models/migration-guide. A name that is no
 * Claude model's stands for whatever a gateway makes of it.
 */
export function takesSampling(model: string): boolean {
  return !model.includes('claude') || SAMPLING.test(model);
}

/**
 * `max_tokens`, which Anthropic requires, of a request that names none. The smallest maximum of all
 * models since Claude 4, so that each of them takes it; only what is written is billed.
 * https://platform.claude.com/docs/en/about-claude/models/overview
 */
const DEFAULT_MAX_TOKENS = 32_000;

/** The maxima of older models, which are smaller. */
const OLDER_MAX_TOKENS: readonly (readonly [RegExp, number])[] = [
  [/claude-3-5/, 8_192],
  [/claude-(?:instant|v?2|3-(?:opus|sonnet|haiku))/, 4_096],
];

export function defaultMaxTokens(model: string): number {
  return OLDER_MAX_TOKENS.find(([name]) => name.test(model))?.[1] ?? DEFAULT_MAX_TOKENS;
}

/** https://platform.claude.com/docs/en/build-with-claude/vision: supported formats */
const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'];

/** 400: "tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'" */
const TOOL_CALL_ID = /^[a-zA-Z0-9_-]+$/;

/** The turns of a conversation. Answers to tool calls are a user's turn there. */
export function messagesOf({ turns }: Chat, provider: string): object[] {
  if (turns.length === 0)
    throw cannotExpress('body.messages', provider, 'add a user message to the system message');
  return turns.map((turn) => messageOf(turn, provider));
}

function messageOf(turn: Turn, provider: string): object {
  const content = contentOf(turn, provider);
  // 400: "text content blocks must be non-empty"
  if (content.length === 0)
    throw cannotExpress(
      'body.messages',
      provider,
      `one of the ${turn.role} messages is empty: leave it out`,
    );
  return { role: turn.role === 'assistant' ? 'assistant' : 'user', content };
}

function contentOf(turn: Turn, provider: string): string | object[] {
  switch (turn.role) {
    case 'user':
      return simplest(turn.parts.filter(saysSomething).map((part) => blockOf(part, provider)));
    case 'assistant': {
      const texts = turn.parts.filter(saysSomething);
      const calls = turn.toolCalls.map((call) => ({
        type: 'tool_use',
        id: checkedId(call.id, provider),
        name: call.name,
        input: call.arguments,
      }));
      return simplest([...texts, ...calls]);
    }
    case 'tool':
      return turn.results.map(({ callId, text }) => ({
        type: 'tool_result',
        tool_use_id: checkedId(callId, provider),
        ...(text === '' ? {} : { content: text }),
      }));
  }
}

function saysSomething(part: Part): boolean {
  return part.type !== 'text' || part.text.trim() !== '';
}

function blockOf(part: Part, provider: string): TextPart | object {
  if (part.type === 'text') return part;
  if (!IMAGE_TYPES.includes(part.mediaType))
    throw cannotExpress(
      'body.messages[].content[].image_url.url',
      provider,
      `use one of ${IMAGE_TYPES.join(', ')}`,
    );
  return {
    type: 'image',
    source: { type: 'base64', media_type: part.mediaType, data: part.data },
  };
}

function simplest(blocks: readonly (TextPart | object)[]): string | object[] {
  const [only] = blocks;
  return blocks.length === 1 && only !== undefined && 'text' in only ? only.text : [...blocks];
}

function checkedId(id: string, provider: string): string {
  if (TOOL_CALL_ID.test(id)) return id;
  throw cannotExpress(
    'body.messages[].tool_calls[].id',
    provider,
    'use letters, digits, _ and - in the ids of tool calls',
  );
}
