import { refusal } from '../../batch/errors.ts';
import { isObject, tryParseJson } from '../../jsonl/rows.ts';
import type { Chat, ResponseFormat, TextPart, Tool, ToolCall, Turn } from './chat.ts';
import { chatSchema, type WireChat, type WireMessage, type WireToolCall } from './chatSchema.ts';
import {
  cannotExpress,
  checkFields,
  type ExpressibleRules,
  expressible,
  parseBody,
  type TranslationRules,
} from './fields.ts';
import { cacheFields, joinedTexts, readCacheControl, readParts, readTexts } from './readParts.ts';

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

function readTools(tools: NonNullable<WireChat['tools']>, rules: ExpressibleRules): Tool[] {
  return tools.map(({ function: tool, ...rest }, index) => {
    const place = `body.tools[${index}]`;
    checkFields(rest, ['type', ...cacheFields(rules)], place, rules);
    const known = ['name', 'description', 'parameters', 'strict'];
    checkFields(tool, known, `${place}.function`, rules);
    const { name, description, parameters, strict } = tool;
    const cacheControl = readCacheControl(rest, place, rules);
    return { name, description, parameters, strict: strict ?? undefined, cacheControl };
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
  rules: ExpressibleRules,
): Pick<Chat, 'instructions' | 'turns'> {
  const instructions: TextPart[] = [];
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
        instructions.push(...joinedTexts(readTexts(message.content, content, rules)));
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
        const texts = readTexts(message.content, content, rules);
        const text = texts.map((part) => part.text).join('');
        const cacheControl = texts.findLast((part) => part.cacheControl)?.cacheControl;
        const result = { callId, name, text, cacheControl };
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
