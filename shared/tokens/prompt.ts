import { dataUrlMedia, field, mediaOf } from './media.ts';
import { mediaTokens } from './mediaTokens.ts';

/** Is told of everything in a request that becomes prompt tokens. */
export interface PromptVisitor {
  text(text: string): void;
  fixed(tokens: number): void;
  schemas(schemas: readonly unknown[]): void;
}

/**
 * Three tokens around each message, one for its role, and three that begin the reply.
 * https://developers.openai.com/cookbook/examples/how_to_count_tokens_with_tiktoken
 */
const TOKENS_PER_MESSAGE = 4;
const TOKENS_PER_REPLY = 3;

/** Fields of a body that hold the prompt: OpenAI's endpoints, Anthropic, Gemini and Bedrock. */
const PROMPT_FIELDS = new Set([
  'messages',
  'input',
  'instructions',
  'prompt',
  'system',
  'contents',
  'systemInstruction',
  'system_instruction',
]);

/** Fields within the prompt that say how it is to be read, and are no text of it. */
const DESCRIPTIVE_FIELDS = new Set([
  'role',
  'type',
  'id',
  'tool_call_id',
  'tool_use_id',
  'call_id',
  'detail',
  'format',
  'filename',
  'file_id',
  'media_type',
  'mimeType',
  'mime_type',
  'cache_control',
  'status',
  'signature',
  'encrypted_content',
]);

/** Visits what a request's prompt is made of. Values of other types than expected are passed by. */
export function walkPrompt(body: Readonly<Record<string, unknown>>, visitor: PromptVisitor): void {
  const model = typeof body.model === 'string' ? body.model : '';
  for (const name in body) {
    if (PROMPT_FIELDS.has(name)) walk(body[name], model, visitor, 0);
  }
  if ('messages' in body || 'contents' in body) visitor.fixed(TOKENS_PER_REPLY);
  if (Array.isArray(body.tools)) visitor.schemas(body.tools);
  if (Array.isArray(body.functions)) visitor.schemas(body.functions);
  const format = body.response_format ?? field(body.text, 'format');
  if (field(format, 'type') === 'json_schema') visitor.schemas([format]);
}

/** Deeper than any prompt, and shallow enough for the call stack. */
const MAX_DEPTH = 100;

function walk(value: unknown, model: string, visitor: PromptVisitor, depth: number): void {
  if (typeof value === 'string') {
    const media = dataUrlMedia(value);
    if (media) visitor.fixed(mediaTokens(media, model));
    else if (value !== '') visitor.text(value);
    return;
  }
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return;
  if (Array.isArray(value)) {
    // A text given as the numbers of its tokens.
    if (typeof value[0] === 'number') visitor.fixed(value.length);
    else for (const item of value) walk(item, model, visitor, depth + 1);
    return;
  }
  walkObject(value as Record<string, unknown>, model, visitor, depth);
}

function walkObject(
  value: Record<string, unknown>,
  model: string,
  visitor: PromptVisitor,
  depth: number,
): void {
  const media = mediaOf(value);
  if (media) {
    visitor.fixed(mediaTokens(media, model));
    return;
  }
  if (typeof value.role === 'string') visitor.fixed(TOKENS_PER_MESSAGE);
  for (const name in value) {
    if (!DESCRIPTIVE_FIELDS.has(name)) walk(value[name], model, visitor, depth + 1);
  }
}
