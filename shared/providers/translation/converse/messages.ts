import { refusal } from '../../../batch/errors.ts';
import type { Part, Turn } from '../chat.ts';
import type { ConverseRules } from './request.ts';

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
