import { field } from './media.ts';
import type { CountTokens } from './tokenizer.ts';

/**
 * What surrounds a function, each of its properties and each value of an enumeration, beyond their
 * names, types and descriptions.
 * https://developers.openai.com/cookbook/examples/how_to_count_tokens_with_tiktoken
 */
const TOKENS_PER_FUNCTION = 7 + 12;
const TOKENS_PER_PROPERTY = 3;
const TOKENS_PER_VALUE = 3;

/** Deeper than any schema in use, and shallow enough for the call stack. */
const MAX_DEPTH = 50;

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
  if (typeof schema !== 'object' || schema === null || depth > MAX_DEPTH) return 0;
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
