import { refusal } from '../../batch/errors.ts';
import { isObject } from '../../jsonl/rows.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Keywords whose values are maps of schemas by names that the schema's author chose. */
const MAPS: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  'dependentSchemas',
  'dependencies',
]);
/** Keywords whose values are schemas, or lists of schemas. */
const SCHEMAS: ReadonlySet<string> = new Set([
  'items',
  'prefixItems',
  'additionalProperties',
  'unevaluatedProperties',
  'additionalItems',
  'contains',
  'propertyNames',
  'anyOf',
  'oneOf',
  'allOf',
  'not',
  'if',
  'then',
  'else',
]);
/** Keywords with definitions that `$ref` names. They are left out once each has been inlined. */
const DEFINITIONS: ReadonlySet<string> = new Set(['$defs', 'definitions']);

/**
 * A JSON schema in the words that an import from Cloud Storage can carry, with the same meaning:
 * without `$ref`, other keys with `$`, null and empty objects.
 *
 * @param place for errors
 * @throws RefusedError naming what has no such words
 */
export function importableSchema(schema: Schema, place: string): Schema {
  const inlined = new SchemaWriter(schema, place).write(schema, []);
  // `true` allows everything, and Gemini wants an object here.
  return isObject(inlined) ? inlined : { type: 'object' };
}

class SchemaWriter {
  readonly #root: Schema;
  readonly #place: string;

  constructor(root: Schema, place: string) {
    this.#root = root;
    this.#place = place;
  }

  /** @param within the references that led here */
  write(schema: unknown, within: readonly string[]): unknown {
    if (!isObject(schema)) return schema;
    const { $ref: reference, ...beside } = schema;
    if (typeof reference === 'string')
      return this.write({ ...this.#target(reference, within), ...beside }, [...within, reference]);
    const written: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(schema)) {
      if (name.startsWith('$') || DEFINITIONS.has(name) || value === null) {
        if (name === 'const') throw this.#refused('const: null', 'write "type": "null"');
        continue;
      }
      const kept = this.#value(name, value, within);
      if (kept !== undefined) written[name] = kept;
    }
    // A schema without a keyword allows everything, as `true` does, which is no empty object.
    return Object.keys(written).length === 0 ? true : nullableType(written);
  }

  #value(name: string, value: unknown, within: readonly string[]): unknown {
    if (MAPS.has(name) && isObject(value)) {
      const entries = Object.entries(value).map(([key, one]) => [key, this.write(one, within)]);
      return entries.length === 0 ? undefined : Object.fromEntries(entries);
    }
    if (SCHEMAS.has(name))
      return Array.isArray(value)
        ? value.map((one) => this.write(one, within))
        : this.write(value, within);
    if (name === 'enum' && Array.isArray(value) && value.includes(null))
      throw this.#refused('null in an enum', 'write anyOf with "type": "null"');
    return isObject(value) && Object.keys(value).length === 0 ? undefined : value;
  }

  #target(reference: string, within: readonly string[]): Schema {
    if (within.includes(reference) || reference === '#')
      throw this.#refused('a $ref to itself', 'write its levels out');
    const steps = reference.startsWith('#/') ? reference.slice(2).split('/') : [];
    let target: unknown = steps.length === 0 ? undefined : this.#root;
    for (const step of steps) {
      const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
      target = isObject(target) && Object.hasOwn(target, name) ? target[name] : undefined;
    }
    if (isObject(target)) return target;
    throw this.#refused('a $ref to what it does not define', 'define it in $defs');
  }

  #refused(what: string, fix: string) {
    return refusal(
      'unsupported_field',
      `${this.#place} has ${what}, which Vertex AI cannot import from Cloud Storage: ${fix}, or use the BigQuery store, whose requests are JSON`,
    );
  }
}

/**
 * `anyOf` of a type and null, as generators write an optional field, with a list of types instead:
 * the import needs the same keywords in all members of a list. References are inlined before, since
 * an optional object is written as one.
 */
function nullableType(schema: Schema): Schema {
  const { anyOf, ...rest } = schema;
  if (!Array.isArray(anyOf) || anyOf.length !== 2 || 'type' in rest) return schema;
  const isNull = (one: unknown) =>
    isObject(one) && one.type === 'null' && Object.keys(one).length === 1;
  const [other, ...more] = anyOf.filter((one) => !isNull(one));
  const isPlain =
    more.length === 0 &&
    isObject(other) &&
    !('enum' in other || 'const' in other) &&
    !clash(other, rest);
  if (!isPlain || typeof other.type !== 'string') return schema;
  return { ...other, ...rest, type: [other.type, 'null'] };
}

function clash(one: Schema, other: Schema): boolean {
  return Object.keys(one).some(
    (name) => name !== 'title' && name !== 'description' && name in other,
  );
}
