import { dataUrlMedia, field, mediaOf, mediaTokens } from './media.ts';
import type { CountTokens } from './text.ts';

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

/**
 * What surrounds a function, each of its properties and each value of an enumeration, beyond their
 * names, types and descriptions.
 * https://developers.openai.com/cookbook/examples/how_to_count_tokens_with_tiktoken
 */
const TOKENS_PER_FUNCTION = 7 + 12;
const TOKENS_PER_PROPERTY = 3;
const TOKENS_PER_VALUE = 3;

/** Deeper than any schema in use, and shallow enough for the call stack. */
const TOOLS_MAX_DEPTH = 50;

/**
 * Roughly the tokens of a tool or a response format: how they are shown to a model is not public.
 * OpenAI's rule for functions is taken for schemas of any depth.
 */
export function schemaTokens(schema: unknown, count: CountTokens): number {
  const declarations = field(schema, 'functionDeclarations');
  if (Array.isArray(declarations)) {
    return declarations.reduce((sum, one) => sum + schemaTokens(one, count), 0);
  }
  // OpenAI's chat nests what others have at the top.
  const definition = field(schema, 'function') ?? field(schema, 'json_schema') ?? schema;
  const parts = [`${textOf(definition, 'name')}:${textOf(definition, 'description')}`];
  const parameters =
    field(definition, 'parameters') ??
    field(definition, 'input_schema') ??
    field(definition, 'schema');
  const around = TOKENS_PER_FUNCTION + collect(parameters, parts, 0);
  return around + count(parts.join('\n'));
}

/** Adds a schema's words to `parts`, and tells the tokens that surround them. */
function collect(schema: unknown, parts: string[], depth: number): number {
  if (typeof schema !== 'object' || schema === null || depth > TOOLS_MAX_DEPTH) return 0;
  let around = 0;
  for (const properties of [field(schema, 'properties'), field(schema, '$defs')]) {
    for (const [name, property] of Object.entries(properties ?? {})) {
      parts.push(`${name}:${textOf(property, 'type')}:${textOf(property, 'description')}`);
      around += TOKENS_PER_PROPERTY + collect(property, parts, depth + 1);
    }
  }
  const values = field(schema, 'enum');
  for (const value of Array.isArray(values) ? values : []) {
    parts.push(typeof value === 'string' ? value : JSON.stringify(value));
    around += TOKENS_PER_VALUE;
  }
  for (const variants of [field(schema, 'anyOf'), field(schema, 'oneOf')]) {
    for (const variant of Array.isArray(variants) ? variants : []) {
      around += collect(variant, parts, depth + 1);
    }
  }
  return around + collect(field(schema, 'items'), parts, depth + 1);
}

function textOf(value: unknown, name: string): string {
  const text = field(value, name);
  return typeof text === 'string' ? text : '';
}
