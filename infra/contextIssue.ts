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
      const allowed = keysAt(schema, issue.path, value).join(', ');
      return `${place} has the unknown key ${issue.keys.join(', ')}: allowed are ${allowed}`;
    }
    case 'invalid_key':
      return `${place}: ${issue.issues.map(({ message }) => message).join('; ')}`;
    default:
      return `${place} is ${valueAt(value, issue.path)}: ${whatIsAllowed(issue)}`;
  }
}

function whatIsAllowed(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_union': {
      const words = 'options' in issue ? (issue.options as readonly unknown[]) : [];
      return words.length > 0 ? `must be one of ${words.join(', ')}` : issue.message;
    }
    case 'invalid_type':
      // Else the schema has words of its own.
      if (!issue.message.startsWith('Invalid input')) return issue.message;
      return `must be ${/^[aeiou]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}`;
    case 'invalid_format':
      // With a message of its own, a pattern says what it is for.
      return issue.format === 'url'
        ? 'must be a whole URL, such as https://host.example/v1'
        : issue.message;
    default:
      return issue.message;
  }
}

function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[], value: unknown): string[] {
  const inner = optionAt(unwrap(schema), value);
  const [key, ...rest] = path;
  const next = key === undefined ? undefined : fieldOf(value, key);
  if (inner instanceof z.ZodRecord) return keysAt(inner.valueType, rest, next);
  if (!(inner instanceof z.ZodObject)) return [];
  if (key === undefined) return Object.keys(inner.shape);
  return keysAt(inner.shape[String(key)], rest, next);
}

/** Of schemas that a key decides between, the one that the value is meant for. */
function optionAt(schema: z.core.$ZodType, value: unknown): z.core.$ZodType {
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return schema;
  const { discriminator } = schema.def;
  const options = schema.options.filter((option) => option instanceof z.ZodObject);
  const found = options.find(
    ({ shape }) => shape[discriminator].safeParse(fieldOf(value, discriminator)).success,
  );
  return found ?? schema;
}

function fieldOf(value: unknown, key: PropertyKey): unknown {
  return (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault
    ? unwrap(schema.unwrap())
    : schema;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): string {
  const found = path.reduce<unknown>(fieldOf, value);
  return found === undefined ? 'missing' : JSON.stringify(found);
}
