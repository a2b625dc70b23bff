import { transformJSONSchema } from '@anthropic-ai/sdk/lib/transform-json-schema';
import { messageOf } from '../../batch/errors.ts';
import { isObject } from '../../jsonl/rows.ts';
import { cannotExpress } from './fields.ts';

type Schema = Readonly<Record<string, unknown>>;

/**
 * A JSON schema as Claude's structured outputs take it, by Anthropic's own SDK: objects are closed,
 * `oneOf` becomes `anyOf`, and bounds, which Claude does not enforce, move into descriptions.
 * https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
 *
 * @param place such as `body.response_format.json_schema.schema`
 * @throws RefusedError for a schema whose meaning would be lost
 */
export function claudeSchema(schema: Schema, place: string, provider: string): Schema {
  const { definitions, ...rest } = schema;
  // The name of `$defs` in older drafts, which the SDK does not know.
  const renamed = isObject(definitions) ? { $defs: definitions, ...rest } : schema;
  const prepared = prepare(renamed, place, provider);
  try {
    return transformJSONSchema(prepared as Record<string, unknown>);
  } catch (error) {
    // In the SDK's words, which do not quote the schema.
    throw cannotExpress(place, provider, messageOf(error));
  }
}

/** Keywords with a map of schemas, with a list of schemas, and with one schema. */
const MAPS = ['properties', '$defs'];
const LISTS = ['anyOf', 'oneOf', 'allOf'];
/** Claude takes no part without one of them, such as Pydantic's `Any`. */
const TYPED_BY = ['type', '$ref', 'enum', 'const', ...LISTS];

/** Rewrites what the SDK would move into a description although Claude has a way to say it. */
function prepare(value: unknown, place: string, provider: string): unknown {
  if (!isObject(value) || !TYPED_BY.some((keyword) => keyword in value))
    throw cannotExpress(place, provider, 'say its type, or what it may be with enum or anyOf');
  const schema: Record<string, unknown> = { ...value };
  refuseOpenMap(schema, place, provider);
  const { $ref: reference, items } = schema;
  if (typeof reference === 'string')
    schema.$ref = reference.replace(/^#\/definitions\//, '#/$defs/');
  const inner = (part: unknown, at: string) => prepare(part, `${place}.${at}`, provider);
  for (const name of MAPS) {
    const parts = schema[name];
    if (isObject(parts))
      schema[name] = Object.fromEntries(
        Object.entries(parts).map(([key, part]) => [key, inner(part, `${name}.${key}`)]),
      );
  }
  for (const name of LISTS) {
    const parts = schema[name];
    if (Array.isArray(parts))
      schema[name] = parts.map((part, index) => inner(part, `${name}[${index}]`));
  }
  if (items !== undefined) schema.items = inner(items, 'items');
  return withoutTypeList(schema);
}

/** An object with any keys would become one without keys. */
function refuseOpenMap(schema: Schema, place: string, provider: string): void {
  const { additionalProperties: open, properties } = schema;
  if (open === undefined || open === false || (open === true && properties !== undefined)) return;
  throw cannotExpress(
    `${place}.additionalProperties`,
    provider,
    'name the keys in properties, or ask for a list of objects with a key and a value',
  );
}

/** `type: ["object", "null"]` as `anyOf`: the SDK reads objects and arrays only by a single type. */
function withoutTypeList(schema: Schema): Schema {
  const { type, description, title, ...rest } = schema;
  if (!Array.isArray(type) || !type.some((each) => each === 'object' || each === 'array'))
    return schema;
  const labels = Object.entries({ description, title }).filter(([, text]) => text !== undefined);
  const anyOf = type.map((each) => (each === 'null' ? { type: each } : { ...rest, type: each }));
  return { ...Object.fromEntries(labels), anyOf };
}
