import { type Condition, compileCondition } from './condition.ts';

/** Whether an event, or the part of it that a pattern is about, fits. */
export type Matches = (value: unknown) => boolean;

/**
 * Reads an event pattern
 * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html).
 *
 * @throws Error, naming the field, for what it does not know
 */
export function compilePattern(pattern: unknown, path = 'the pattern'): Matches {
  if (Array.isArray(pattern)) return fitsAny(pattern.map((each) => compileCondition(each, path)));
  if (typeof pattern !== 'object' || pattern === null)
    throw new Error(`${path} is ${JSON.stringify(pattern)}: it must be an array or an object`);
  const fields = Object.entries(pattern).map(([name, inner]): Matches => {
    if (name === '$or') return alternatives(inner, path);
    const matches = compilePattern(inner, `${path}.${name}`);
    return (value) => objectsIn(value).some((each) => matches(each[name]));
  });
  return (value) => fields.every((matches) => matches(value));
}

function alternatives(patterns: unknown, path: string): Matches {
  if (!Array.isArray(patterns)) throw new Error(`${path}.$or must be an array of patterns`);
  const each = patterns.map((pattern) => compilePattern(pattern, `${path}.$or`));
  return (value) => each.some((matches) => matches(value));
}

/** A field with an array fits if one of its elements does. */
function fitsAny(conditions: readonly Condition[]): Matches {
  return (value) => {
    const values = Array.isArray(value) ? value : [value];
    return conditions.some((condition) => values.some(condition));
  };
}

/** What is missing is an object without fields: a pattern may ask for just that. */
function objectsIn(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  const values = Array.isArray(value) ? value : [value];
  const objects = values.filter((each) => typeof each === 'object' && each !== null);
  return objects.length > 0 ? objects : [{}];
}
