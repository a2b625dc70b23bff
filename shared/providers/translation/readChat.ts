import { refusal } from '../../batch/errors.ts';
import { isObject, tryParseJson } from '../../jsonl/rows.ts';
import {
  type Chat,
  chatSchema,
  type Part,
  type ResponseFormat,
  type TextPart,
  type Tool,
  type ToolCall,
  type Turn,
  type WireChat,
  type WireMessage,
  type WireToolCall,
} from './chat.ts';
import {
  cannotExpress,
  checkFields,
  type ExpressibleRules,
  expressible,
  parseBody,
  type TranslationRules,
} from './fields.ts';

/**
 * Reads the body of a chat completion request.
 *
 * @throws RefusedError naming the field that is malformed, or that the provider cannot express
 */
export function readChat(body: Readonly<Record<string, unknown>>, rules: ExpressibleRules): Chat {
  const chat = parseBody(chatSchema, expressible(body, rules));
  const { stop } = chat;
  return {
    ...readMessages(chat.messages, rules),
    tools: readTools(chat.tools ?? [], rules),
    toolChoice: readToolChoice(chat.tool_choice, rules),
    parallelToolCalls: chat.parallel_tool_calls ?? undefined,
    responseFormat: readResponseFormat(chat.response_format, rules),
    maxTokens: chat.max_completion_tokens ?? chat.max_tokens ?? undefined,
    temperature: chat.temperature ?? undefined,
    topP: chat.top_p ?? undefined,
    stop: typeof stop === 'string' ? [stop] : (stop ?? []),
    n: chat.n ?? undefined,
    seed: chat.seed ?? undefined,
    presencePenalty: chat.presence_penalty ?? undefined,
    frequencyPenalty: chat.frequency_penalty ?? undefined,
    reasoningEffort: chat.reasoning_effort ?? undefined,
    user: chat.user ?? undefined,
  };
}

function readTools(tools: NonNullable<WireChat['tools']>, rules: TranslationRules): Tool[] {
  return tools.map(({ function: tool, ...rest }, index) => {
    const place = `body.tools[${index}]`;
    checkFields(rest, ['type'], place, rules);
    const known = ['name', 'description', 'parameters', 'strict'];
    checkFields(tool, known, `${place}.function`, rules);
    const { name, description, parameters, strict } = tool;
    return { name, description, parameters, strict: strict ?? undefined };
  });
}

function readToolChoice(
  choice: WireChat['tool_choice'],
  rules: TranslationRules,
): Chat['toolChoice'] {
  if (choice === undefined || choice === null) return undefined;
  if (typeof choice === 'string') return choice;
  checkFields(choice, ['type', 'function'], 'body.tool_choice', rules);
  return { tool: choice.function.name };
}

function readResponseFormat(
  format: WireChat['response_format'],
  rules: TranslationRules,
): ResponseFormat | undefined {
  if (format === undefined || format === null) return undefined;
  if (format.type !== 'json_schema') return { type: format.type };
  const known = ['name', 'description', 'schema', 'strict'];
  checkFields(format.json_schema, known, 'body.response_format.json_schema', rules);
  const { name, description, schema, strict } = format.json_schema;
  return {
    type: 'json_schema',
    name,
    // Providers have no other place for the description.
    schema: description == null ? schema : { description, ...schema },
    strict: strict ?? undefined,
  };
}

/** The fields of messages that are read. No provider can express another one. */
const MESSAGE_FIELDS: Readonly<Record<WireMessage['role'], readonly string[]>> = {
  system: ['role', 'content'],
  developer: ['role', 'content'],
  user: ['role', 'content'],
  assistant: ['role', 'content', 'tool_calls'],
  tool: ['role', 'content', 'tool_call_id'],
};

/** Divides messages into instructions and turns. */
function readMessages(
  messages: readonly WireMessage[],
  rules: TranslationRules,
): Pick<Chat, 'instructions' | 'turns'> {
  const instructions: string[] = [];
  const turns: Turn[] = [];
  // Tool names by the ids of their calls: some providers match results by name.
  const toolNames = new Map<string, string>();
  for (const [index, message] of messages.entries()) {
    const place = `body.messages[${index}]`;
    const content = `${place}.content`;
    checkFields(message, MESSAGE_FIELDS[message.role], place, rules);
    switch (message.role) {
      case 'system':
      case 'developer':
        if (turns.length > 0)
          throw cannotExpress(`${place}.role`, rules.provider, 'move it before the other messages');
        instructions.push(joinedText(message.content, content, rules));
        break;
      case 'user':
        turns.push({ role: 'user', parts: readParts(message.content, content, rules) });
        break;
      case 'assistant': {
        const toolCalls = (message.tool_calls ?? []).map((call, position) =>
          readToolCall(call, `${place}.tool_calls[${position}]`, rules),
        );
        for (const { id, name } of toolCalls) toolNames.set(id, name);
        const parts = readTexts(message.content, content, rules);
        turns.push({ role: 'assistant', parts, toolCalls });
        break;
      }
      case 'tool': {
        const callId = message.tool_call_id;
        const name = toolNames.get(callId);
        if (name === undefined) {
          const text = `${place}.tool_call_id is that of no tool call before it`;
          throw refusal('invalid_field', text);
        }
        const result = { callId, name, text: joinedText(message.content, content, rules) };
        const last = turns.at(-1);
        const before = last?.role === 'tool' ? last.results : [];
        if (last?.role === 'tool') turns.pop();
        turns.push({ role: 'tool', results: [...before, result] });
      }
    }
  }
  return { instructions, turns };
}

function readToolCall(call: WireToolCall, place: string, rules: TranslationRules): ToolCall {
  checkFields(call, ['id', 'type', 'function'], place, rules);
  checkFields(call.function, ['name', 'arguments'], `${place}.function`, rules);
  const { name, arguments: text } = call.function;
  // A call without arguments may have an empty string.
  const values = text === '' ? {} : tryParseJson(text);
  if (isObject(values)) return { id: call.id, name, arguments: values };
  throw refusal('invalid_field', `${place}.function.arguments is not the JSON of an object`);
}

type UserContent = Extract<WireMessage, { role: 'user' }>['content'];
type TextContent = Extract<WireMessage, { role: 'tool' }>['content'];

// RFC 2397. The base64 of the image follows.
const DATA_URL = /^data:(image\/[\w.+-]+);base64,/;

/** @param place such as `body.messages[0].content` */
function readParts(content: UserContent, place: string, rules: TranslationRules): readonly Part[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return content.map((part, index): Part => {
    const at = `${place}[${index}]`;
    if (part.type === 'text') return readTextPart(part, at, rules);
    checkFields(part, ['type', 'image_url'], at, rules);
    checkFields(part.image_url, ['url'], `${at}.image_url`, rules);
    const { url } = part.image_url;
    const mediaType = DATA_URL.exec(url)?.[1];
    if (mediaType !== undefined)
      return { type: 'image', mediaType, data: url.slice(url.indexOf(',') + 1) };
    const text = `${at}.image_url.url is no data:image/…;base64 URL: put the image itself in`;
    throw refusal('unsupported_field', text);
  });
}

/** Like `readParts`, for messages that contain only text. */
function readTexts(
  content: TextContent | null | undefined,
  place: string,
  rules: TranslationRules,
): readonly TextPart[] {
  if (content === undefined || content === null || content === '') return [];
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return content.map((part, index) => readTextPart(part, `${place}[${index}]`, rules));
}

function joinedText(content: TextContent, place: string, rules: TranslationRules): string {
  return readTexts(content, place, rules)
    .map(({ text }) => text)
    .join('');
}

function readTextPart(part: TextPart, place: string, rules: TranslationRules): TextPart {
  checkFields(part, ['type', 'text'], place, rules);
  return { type: 'text', text: part.text };
}
