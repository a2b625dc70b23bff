/** Whether an event, or the part of it that a pattern describes, matches. */
export type Matches = (value: unknown) => boolean;

/**
 * Compiles an event pattern:
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
 *
 * @throws Error naming the field, for a pattern that is not supported
 */
export function compilePattern(pattern: unknown, path = 'the pattern'): Matches {
  if (Array.isArray(pattern))
    return matchesAny(pattern.map((each) => compileCondition(each, path)));
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

/** An array matches if one of its elements does. */
function matchesAny(conditions: readonly Condition[]): Matches {
  return (value) => {
    const values = Array.isArray(value) ? value : [value];
    return conditions.some((condition) => values.some(condition));
  };
}

/** A missing object counts as one without fields, because a pattern may require a field to be absent. */
function objectsIn(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  const values = Array.isArray(value) ? value : [value];
  const objects = values.filter((each) => typeof each === 'object' && each !== null);
  return objects.length > 0 ? objects : [{}];
}

/** Whether one value of an event matches. Undefined stands for a missing value. */
type Condition = (value: unknown) => boolean;

/** The operators that compare a text with another. */
const TEXTS: Readonly<Record<string, (text: string, operand: string) => boolean>> = {
  prefix: (text, operand) => text.startsWith(operand),
  suffix: (text, operand) => text.endsWith(operand),
  'equals-ignore-case': (text, operand) => text.toLowerCase() === operand.toLowerCase(),
  wildcard: (text, operand) => wildcard(operand).test(text),
};

const NUMBERS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

/**
 * Compiles one element of a pattern's array, which is a value or an operator:
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 *
 * @throws Error for an operator that is not supported
 */
function compileCondition(given: unknown, path: string): Condition {
  if (typeof given !== 'object' || given === null) return (value) => value === given;
  const [[operator, operand] = ['', undefined]] = Object.entries(given);
  if (operator === 'exists') return (value) => (value !== undefined) === operand;
  if (operator === 'numeric') return numeric(operand, path);
  if (operator === 'anything-but') return anythingBut(operand, path);
  const compare = TEXTS[operator];
  if (compare !== undefined && typeof operand === 'string')
    return (value) => typeof value === 'string' && compare(value, operand);
  throw unsupported(given, path);
}

function anythingBut(operand: unknown, path: string): Condition {
  const conditions = excludedValues(operand).map((each) => compileCondition(each, path));
  return (value) => value !== undefined && !conditions.some((condition) => condition(value));
}

/** `{"prefix":["a","b"]}` excludes each of them. */
function excludedValues(operand: unknown): readonly unknown[] {
  if (Array.isArray(operand)) return operand;
  if (typeof operand !== 'object' || operand === null) return [operand];
  return Object.entries(operand).flatMap(([operator, values]) =>
    [values].flat().map((value) => ({ [operator]: value })),
  );
}

function numeric(operand: unknown, path: string): Condition {
  if (!Array.isArray(operand) || operand.length % 2 !== 0)
    throw unsupported({ numeric: operand }, path);
  const bounds = operand.flatMap((name, index) => {
    if (index % 2 !== 0) return [];
    const [compare, bound] = [NUMBERS[String(name)], operand[index + 1]];
    if (compare === undefined || typeof bound !== 'number')
      throw unsupported({ numeric: operand }, path);
    return [(value: number) => compare(value, bound)];
  });
  return (value) => typeof value === 'number' && bounds.every((within) => within(value));
}

/** `*` matches anything, and `\*` an asterisk. */
function wildcard(given: string): RegExp {
  const parts = given.match(/\\[*\\]|\*|[^*\\]+|\\/g) ?? [];
  const source = parts.map((part) => (part === '*' ? '.*' : literal(part)));
  return new RegExp(`^${source.join('')}$`, 's');
}

function literal(part: string): string {
  return part.replace(/^\\(?=.)/, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function unsupported(given: object, path: string): Error {
  const known = ['a value', 'exists', 'numeric', 'anything-but', ...Object.keys(TEXTS)].join(', ');
  return new Error(`${path}: ${JSON.stringify(given)} is not supported: use ${known}`);
}
