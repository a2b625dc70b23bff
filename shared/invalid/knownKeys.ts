import type * as z from 'zod';
import { type Path, valueAt } from './shown.ts';

/** The keys that a schema knows at a path of an input; none if it cannot be told. */
export function knownKeys(
  schema: z.core.$ZodType | undefined,
  path: Path,
  input: unknown,
): readonly string[] {
  const def = schemaAt(schema, path, input)?._zod.def;
  return def?.type === 'object' ? Object.keys(def.shape) : [];
}

/** Whether a schema takes only whole numbers at a path: of a text, zod says only that it is no number. */
export function isWhole(schema: z.core.$ZodType | undefined, path: Path, input: unknown): boolean {
  const def = schemaAt(schema, path, input)?._zod.def;
  if (def?.type !== 'number') return false;
  return [def, ...(def.checks ?? []).map((check) => check._zod.def)].some(
    (each) => 'format' in each && each.format === 'safeint',
  );
}

function schemaAt(
  schema: z.core.$ZodType | undefined,
  path: Path,
  input: unknown,
): z.core.$ZodTypes | undefined {
  const here = schema && optionFor(schema, input);
  const [key, ...rest] = path;
  if (here === undefined || key === undefined) return here;
  const next = valueAt(input, [key]);
  const { def } = here._zod;
  switch (def.type) {
    case 'object':
      return schemaAt(def.shape[String(key)], rest, next);
    case 'record':
      return schemaAt(def.valueType, rest, next);
    case 'array':
      return schemaAt(def.element, rest, next);
    default:
      return undefined;
  }
}

/** The schema of the value itself: what is in a wrapper, or the option of a union that the value selects. */
function optionFor(schema: z.core.$ZodType, input: unknown): z.core.$ZodTypes {
  // Every schema is one of these. Their common type does not say so.
  const known = schema as z.core.$ZodTypes;
  const { def } = known._zod;
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'readonly':
      return optionFor(def.innerType, input);
    case 'union': {
      const option = def.options.find((each) => isSelected(each, def, input));
      return option ? optionFor(option, input) : known;
    }
    default:
      return known;
  }
}

function isSelected(option: z.core.$ZodType, union: object, input: unknown): boolean {
  if (!('discriminator' in union))
    return ['object', 'record'].includes(option._zod.def.type) && typeof input === 'object';
  const name = String(union.discriminator);
  const value = valueAt(input, [name]);
  return option._zod.propValues?.[name]?.has(value as z.core.util.Primitive) === true;
}
