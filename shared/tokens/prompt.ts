import { dataUrlMedia, field, mediaOf, mediaTokens } from './media.ts';
import type { CountTokens } from './text.ts';

/** Receives everything in a request that becomes prompt tokens. */
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

/** Fields of a body that contain the prompt, for OpenAI's endpoints, Anthropic, Gemini and Bedrock. */
const PROMPT_FIELDS = new Set([
  'messages',
  'input',
  'instructions',
  'prompt',
  'images',
  'system',
  'contents',
  'systemInstruction',
  'system_instruction',
]);

/** Fields in the prompt that describe it, and are not part of its text. */
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

/** Visits the parts of a request's prompt. Ignores values of unexpected types. */
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
const MAX_PROMPT_DEPTH = 100;

function walk(value: unknown, model: string, visitor: PromptVisitor, depth: number): void {
  if (typeof value === 'string') {
    const media = dataUrlMedia(value);
    if (media) visitor.fixed(mediaTokens(media, model));
    else if (value !== '') visitor.text(value);
    return;
  }
  if (typeof value !== 'object' || value === null || depth > MAX_PROMPT_DEPTH) return;
  if (Array.isArray(value)) {
    // A text may be given as the numbers of its tokens.
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
 * Tokens around a function, each of its properties and each value of an enumeration, in addition to
 * their names, types and descriptions.
 * https://developers.openai.com/cookbook/examples/how_to_count_tokens_with_tiktoken
 */
const TOKENS_PER_FUNCTION = 7 + 12;
const TOKENS_PER_PROPERTY = 3;
const TOKENS_PER_VALUE = 3;

/** More than schemas in use have. */
const MAX_SCHEMA_CHARACTERS = 64 * 1024;

/** Deeper than any schema in use, and shallow enough for the call stack. */
const MAX_SCHEMA_DEPTH = 50;

/**
 * Estimates the tokens of a tool or a response format. Providers do not publish how a model sees
 * them; this applies OpenAI's rule for functions to schemas of any depth.
 */
export function schemaTokens(schema: unknown, count: CountTokens): number {
  const declarations = field(schema, 'functionDeclarations');
  if (Array.isArray(declarations)) {
    return declarations.reduce((sum, one) => sum + schemaTokens(one, count), 0);
  }
  // OpenAI's chat nests the definition, which other formats have at the top.
  const definition = field(schema, 'function') ?? field(schema, 'json_schema') ?? schema;
  const parts = [`${textField(definition, 'name')}:${textField(definition, 'description')}`];
  const parameters =
    field(definition, 'parameters') ??
    field(definition, 'input_schema') ??
    field(definition, 'schema');
  const around = TOKENS_PER_FUNCTION + collectSchema(parameters, parts, 0);
  const text = parts.join('\n');
  if (text.length <= MAX_SCHEMA_CHARACTERS) return around + count(text);
  // The rest of a schema of megabytes is taken to be like its beginning.
  return (
    around + count(text.slice(0, MAX_SCHEMA_CHARACTERS)) * (text.length / MAX_SCHEMA_CHARACTERS)
  );
}

/** Adds a schema's texts to `parts`, and returns the tokens around them. */
function collectSchema(schema: unknown, parts: string[], depth: number): number {
  if (typeof schema !== 'object' || schema === null || depth > MAX_SCHEMA_DEPTH) return 0;
  let around = 0;
  for (const properties of [field(schema, 'properties'), field(schema, '$defs')]) {
    for (const [name, property] of Object.entries(properties ?? {})) {
      parts.push(`${name}:${textField(property, 'type')}:${textField(property, 'description')}`);
      around += TOKENS_PER_PROPERTY + collectSchema(property, parts, depth + 1);
    }
  }
  const values = field(schema, 'enum');
  for (const value of Array.isArray(values) ? values : []) {
    parts.push(typeof value === 'string' ? value : JSON.stringify(value));
    around += TOKENS_PER_VALUE;
  }
  for (const variants of [field(schema, 'anyOf'), field(schema, 'oneOf')]) {
    for (const variant of Array.isArray(variants) ? variants : []) {
      around += collectSchema(variant, parts, depth + 1);
    }
  }
  return around + collectSchema(field(schema, 'items'), parts, depth + 1);
}

function textField(value: unknown, name: string): string {
  const text = field(value, name);
  return typeof text === 'string' ? text : '';
}
