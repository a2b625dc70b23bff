import { refusal } from '../../batch/errors.ts';
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
import { cannotExpress, checkFields, type Expressible, expressible, parseBody } from './fields.ts';

/**
 * Reads the body of a chat completion request.
 *
 * @throws RefusedError naming the field that is malformed, or that the provider cannot express
 */
export function readChat(body: Readonly<Record<string, unknown>>, rules: Expressible): Chat {
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

function readTools(tools: NonNullable<WireChat['tools']>, rules: Expressible): Tool[] {
  return tools.map(({ function: tool, ...rest }, index) => {
    const place = `body.tools[${index}]`;
    checkFields(rest, ['type'], place, rules);
    const known = ['name', 'description', 'parameters', 'strict'];
    checkFields(tool, known, `${place}.function`, rules);
    const { name, description, parameters, strict } = tool;
    return { name, description, parameters, strict: strict ?? undefined };
  });
}

function readToolChoice(choice: WireChat['tool_choice'], rules: Expressible): Chat['toolChoice'] {
  if (choice === undefined || choice === null) return undefined;
  if (typeof choice === 'string') return choice;
  checkFields(choice, ['type', 'function'], 'body.tool_choice', rules);
  return { tool: choice.function.name };
}

function readResponseFormat(
  format: WireChat['response_format'],
  rules: Expressible,
): ResponseFormat | undefined {
  if (format === undefined || format === null) return undefined;
  if (format.type !== 'json_schema') return { type: format.type };
  const known = ['name', 'description', 'schema', 'strict'];
  checkFields(format.json_schema, known, 'body.response_format.json_schema', rules);
  const { name, description, schema, strict } = format.json_schema;
  return {
    type: 'json_schema',
    name,
    // A schema has a place for it, and nobody else has.
    schema: description == null ? schema : { description, ...schema },
    strict: strict ?? undefined,
  };
}

/** Fields of messages that are read; any other is one that nobody can express. */
const KNOWN: Readonly<Record<WireMessage['role'], readonly string[]>> = {
  system: ['role', 'content'],
  developer: ['role', 'content'],
  user: ['role', 'content'],
  assistant: ['role', 'content', 'tool_calls'],
  tool: ['role', 'content', 'tool_call_id'],
};

/** The messages of a request, as instructions and turns. */
export function readMessages(
  messages: readonly WireMessage[],
  rules: Expressible,
): Pick<Chat, 'instructions' | 'turns'> {
  const instructions: string[] = [];
  const turns: Turn[] = [];
  // The name of a tool by the id of its call: some providers match answers by name.
  const called = new Map<string, string>();
  for (const [index, message] of messages.entries()) {
    const place = `body.messages[${index}]`;
    const content = `${place}.content`;
    checkFields(message, KNOWN[message.role], place, rules);
    switch (message.role) {
      case 'system':
      case 'developer':
        if (turns.length > 0)
          throw cannotExpress(`${place}.role`, rules.provider, 'move it before the other messages');
        instructions.push(textOf(message.content, content, rules));
        break;
      case 'user':
        turns.push({ role: 'user', parts: readParts(message.content, content, rules) });
        break;
      case 'assistant': {
        const toolCalls = (message.tool_calls ?? []).map((call, position) =>
          readToolCall(call, `${place}.tool_calls[${position}]`, rules),
        );
        for (const { id, name } of toolCalls) called.set(id, name);
        const parts = readTexts(message.content, content, rules);
        turns.push({ role: 'assistant', parts, toolCalls });
        break;
      }
      case 'tool': {
        const callId = message.tool_call_id;
        const name = called.get(callId);
        if (name === undefined) {
          const text = `${place}.tool_call_id is that of no tool call before it`;
          throw refusal('invalid_field', text);
        }
        const result = { callId, name, text: textOf(message.content, content, rules) };
        const last = turns.at(-1);
        const before = last?.role === 'tool' ? last.results : [];
        if (last?.role === 'tool') turns.pop();
        turns.push({ role: 'tool', results: [...before, result] });
      }
    }
  }
  return { instructions, turns };
}

function readToolCall(call: WireToolCall, place: string, rules: Expressible): ToolCall {
  checkFields(call, ['id', 'type', 'function'], place, rules);
  checkFields(call.function, ['name', 'arguments'], `${place}.function`, rules);
  const { name, arguments: text } = call.function;
  const parsed = parseObject(text);
  if (parsed) return { id: call.id, name, arguments: parsed };
  throw refusal('invalid_field', `${place}.function.arguments is not the JSON of an object`);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    // A call without arguments is written as an empty string, too.
    const value: unknown = text === '' ? {} : JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

type UserContent = Extract<WireMessage, { role: 'user' }>['content'];
type TextContent = Extract<WireMessage, { role: 'tool' }>['content'];

// RFC 2397; the image itself is base64 of any length.
const DATA_URL = /^data:(image\/[\w.+-]+);base64,/;

/** @param place such as `body.messages[0].content` */
export function readParts(
  content: UserContent,
  place: string,
  rules: Expressible,
): readonly Part[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return content.map((part, index): Part => {
    const at = `${place}[${index}]`;
    if (part.type === 'text') return readText(part, at, rules);
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

/** The same of messages that hold text only. */
export function readTexts(
  content: TextContent | null | undefined,
  place: string,
  rules: Expressible,
): readonly TextPart[] {
  if (content === undefined || content === null || content === '') return [];
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return content.map((part, index) => readText(part, `${place}[${index}]`, rules));
}

export function textOf(content: TextContent, place: string, rules: Expressible): string {
  return readTexts(content, place, rules)
    .map(({ text }) => text)
    .join('');
}

function readText(part: TextPart, place: string, rules: Expressible): TextPart {
  checkFields(part, ['type', 'text'], place, rules);
  return { type: 'text', text: part.text };
}
