import { refusal } from '../../../batch/errors.ts';
import type { Part, ToolCall, ToolResult, Turn } from '../chat.ts';
import { cannotExpress } from '../fields.ts';
import { isBefore3 } from './thinking.ts';

interface Rules {
  readonly provider: string;
  readonly model: string;
}

/** https://ai.google.dev/gemini-api/docs/image-understanding#supported-formats */
const IMAGE_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/heic', 'image/heif'];

/**
 * Gemini 3 refuses a function call of a model's turn without the signature it came with. A chat
 * completion has no place for one; this is what Google's documentation gives for such turns:
 * https://ai.google.dev/gemini-api/docs/thought-signatures
 */
const NO_SIGNATURE = 'skip_thought_signature_validator';

/** The turns of a conversation. Answers to function calls are a user's turn there. */
export function contentsOf(turns: readonly Turn[], rules: Rules): object[] {
  if (turns.length === 0)
    throw cannotExpress(
      'body.messages',
      rules.provider,
      'add a user message to the system message',
    );
  return turns.map((turn) => {
    const parts = partsOf(turn, rules);
    if (parts.length === 0)
      throw refusal(
        'invalid_field',
        `body.messages: one of the ${turn.role} messages is empty, which ${rules.provider} does not take: leave it out`,
      );
    return { role: turn.role === 'assistant' ? 'model' : 'user', parts };
  });
}

function partsOf(turn: Turn, rules: Rules): object[] {
  switch (turn.role) {
    case 'user':
      return turn.parts.filter(saysSomething).map((part) => partOf(part, rules));
    case 'assistant':
      return [
        ...turn.parts.filter(saysSomething).map((part) => partOf(part, rules)),
        ...turn.toolCalls.map((call, index) => callOf(call, index, rules)),
      ];
    case 'tool':
      return turn.results.map(resultOf);
  }
}

function saysSomething(part: Part): boolean {
  return part.type !== 'text' || part.text !== '';
}

function partOf(part: Part, { provider }: Rules): object {
  if (part.type === 'text') return { text: part.text };
  if (IMAGE_TYPES.includes(part.mediaType))
    return { inlineData: { mimeType: part.mediaType, data: part.data } };
  const place = 'body.messages[].content[].image_url.url';
  throw cannotExpress(place, provider, `use one of ${IMAGE_TYPES.join(', ')}`);
}

function callOf({ id, name, arguments: args }: ToolCall, index: number, { model }: Rules): object {
  // Of calls in one turn, only the first has a signature.
  const isSigned = index === 0 && !isBefore3(model);
  const signature = isSigned ? { thoughtSignature: NO_SIGNATURE } : {};
  return { functionCall: { id, name, args }, ...signature };
}

function resultOf({ callId, name, text }: ToolResult): object {
  // `output` is the key that Gemini expects; without it, an `error` in the result would be read.
  return { functionResponse: { id: callId, name, response: { output: readable(text) } } };
}

/** A result that is JSON is not shown as a string of JSON. */
function readable(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : text;
  } catch {
    return text;
  }
}
