import { refusal } from '../../batch/errors.ts';
import type { Chat, ToolCall, Turn } from './chat.ts';
import type { WireMessage, WireToolCall } from './chatSchema.ts';
import { cannotExpress, checkFields, type Expressible } from './fields.ts';
import { readParts, readTexts, textOf } from './readParts.ts';

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
