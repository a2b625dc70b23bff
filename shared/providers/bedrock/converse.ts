import { refusal } from '../../batch/errors.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import { type Chat, isBlankPart, type Part, type Tool, type Turn } from '../translation/chat.ts';
import { cannotExpress, type TranslationRules } from '../translation/fields.ts';
import { readChat } from '../translation/readChat.ts';

/** What the model of the request supports. */
export interface ConverseRules extends TranslationRules {
  readonly tools: boolean;
  /** Whether answers can follow a JSON schema. */
  readonly schemas: boolean;
}

const ALWAYS_EXPRESSIBLE = [
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'stop',
  'response_format',
];
const TOOL_FIELDS = ['tools', 'tool_choice'];

/**
 * Translates a chat completion request into the body of a Converse call:
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
 *
 * @throws RefusedError naming the field that Converse cannot express
 */
export function converseRequest(
  body: Readonly<Record<string, unknown>>,
  rules: ConverseRules,
): Record<string, unknown> {
  const fields = new Set(
    rules.tools ? [...ALWAYS_EXPRESSIBLE, ...TOOL_FIELDS] : ALWAYS_EXPRESSIBLE,
  );
  const chat = readChat(body, { ...rules, fields });
  if (rules.tools && chat.tools.length === 0) checkToolless(chat);
  const { instructions, turns, tools } = chat;
  return omitUndefined({
    system: instructions.length > 0 ? instructions.map(({ text }) => ({ text })) : undefined,
    messages: converseMessages(turns, rules),
    inferenceConfig: inferenceConfigOf(chat, rules),
    toolConfig: tools.length > 0 ? toolConfigOf(chat, rules) : undefined,
    outputConfig: outputConfigOf(chat, rules),
  });
}

/** Bedrock refuses calls of tools that the request does not declare. */
function checkToolless({ turns, toolChoice = 'auto' }: Chat): void {
  const mustCall = toolChoice === 'required' || typeof toolChoice === 'object';
  if (mustCall || turns.some(usesTools))
    throw refusal('invalid_field', 'body.tools must name the tools that the request speaks of');
}

// API_runtime_InferenceConfiguration; OpenAI's maximum is 2.
const MAX_TEMPERATURE = 1;

function inferenceConfigOf(chat: Chat, { provider }: ConverseRules): object | undefined {
  const { maxTokens, temperature, topP, stop } = chat;
  if (temperature !== undefined && temperature > MAX_TEMPERATURE)
    throw cannotExpress('body.temperature', provider, `use at most ${MAX_TEMPERATURE}`);
  const stopSequences = stop.length > 0 ? stop : undefined;
  const config = omitUndefined({ maxTokens, temperature, topP, stopSequences });
  return Object.keys(config).length > 0 ? config : undefined;
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
  return omitUndefined({
    tools: tools.map((tool, index) => ({ toolSpec: toolSpecOf(tool, index, rules) })),
    toolChoice: converseToolChoice(toolChoice, rules),
  });
}

function converseToolChoice(
  choice: Chat['toolChoice'],
  { provider }: ConverseRules,
): object | undefined {
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
  return omitUndefined({ name, description, inputSchema: { json: parameters } });
}

interface ConverseMessage {
  readonly role: 'user' | 'assistant';
  readonly content: readonly object[];
}

/** API_runtime_ImageBlock: its `format`, by the type of a data URL. */
const IMAGE_FORMATS: ReadonlyMap<string, string> = new Map([
  ['image/png', 'png'],
  ['image/jpeg', 'jpeg'],
  ['image/gif', 'gif'],
  ['image/webp', 'webp'],
]);

/**
 * Translates the turns of a chat into messages of Converse. Their roles must alternate, beginning
 * with the user's, so neighbours of one role are joined, such as tool results and the user's next
 * message.
 *
 * @throws RefusedError naming what cannot be expressed
 */
function converseMessages(
  turns: readonly Turn[],
  { provider, tools }: Pick<ConverseRules, 'provider' | 'tools'>,
): ConverseMessage[] {
  const messages: ConverseMessage[] = [];
  for (const turn of turns) {
    if (!tools && usesTools(turn)) throw toolsRefused(provider);
    const role = turn.role === 'assistant' ? 'assistant' : 'user';
    const content = contentOf(turn, provider);
    const last = messages.at(-1);
    if (last?.role === role) messages[messages.length - 1] = appended(last, content);
    else messages.push({ role, content });
  }
  if (messages[0]?.role !== 'user')
    throw refusal('invalid_field', `body.messages must begin with a user's for ${provider}`);
  if (messages.some(({ content }) => content.length === 0))
    throw refusal('invalid_field', `body.messages has one without content: ${provider} takes none`);
  return messages;
}

function appended(message: ConverseMessage, content: readonly object[]): ConverseMessage {
  return { ...message, content: [...message.content, ...content] };
}

/** Whether a turn calls tools or contains their results. */
function usesTools(turn: Turn): boolean {
  return turn.role === 'tool' || (turn.role === 'assistant' && turn.toolCalls.length > 0);
}

function toolsRefused(provider: string) {
  const message = `body.messages has tool calls, which ${provider} do not take`;
  return refusal('unsupported_field', message);
}

/** Without blank texts, which Bedrock refuses. */
function contentOf(turn: Turn, provider: string): object[] {
  switch (turn.role) {
    case 'user':
      return turn.parts.filter((part) => !isBlankPart(part)).map((part) => blockOf(part, provider));
    case 'assistant':
      return [
        ...turn.parts.filter((part) => !isBlankPart(part)).map(({ text }) => ({ text })),
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

function blockOf(part: Part, provider: string): object {
  if (part.type === 'text') return { text: part.text };
  if (part.type !== 'image') throw cannotExpress('body.messages[].content[]', provider);
  const format = IMAGE_FORMATS.get(part.mediaType);
  if (format !== undefined) return { image: { format, source: { bytes: part.data } } };
  const known = [...IMAGE_FORMATS.keys()].join(', ');
  const message = `body.messages has an image of type ${part.mediaType}: ${provider} takes ${known}`;
  throw refusal('unsupported_field', message);
}
