import * as z from 'zod';

/**
 * Says which key of a settings object is wrong, what it holds and what is allowed.
 *
 * @param name the settings' own name, with which each key is given
 */
export function describeIssue(
  name: string,
  schema: z.core.$ZodType,
  issue: z.core.$ZodIssue,
  value: unknown,
): string {
  const place = [name, ...issue.path].join('.');
  switch (issue.code) {
    case 'unrecognized_keys': {
      const allowed = keysAt(schema, issue.path).join(', ');
      return `${place} has the unknown key ${issue.keys.join(', ')}: allowed are ${allowed}`;
    }
    case 'invalid_key':
      return `${place}: ${issue.issues.map(({ message }) => message).join('; ')}`;
    default:
      return `${place} is ${valueAt(value, issue.path)}: ${issue.message}`;
  }
}

function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const inner = unwrap(schema);
  const [key, ...rest] = path;
  if (inner instanceof z.ZodRecord) return keysAt(inner.valueType, rest);
  if (!(inner instanceof z.ZodObject)) return [];
  if (key === undefined) return Object.keys(inner.shape);
  return keysAt(inner.shape[String(key)], rest);
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault
    ? unwrap(schema.unwrap())
    : schema;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): string {
  const found = path.reduce<unknown>(
    (within, key) => (within as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
  return found === undefined ? 'missing' : JSON.stringify(found);
}
