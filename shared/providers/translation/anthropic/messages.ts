import type { Chat, Part, TextPart, Turn } from '../chat.ts';
import { cannotExpress } from '../fields.ts';

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
