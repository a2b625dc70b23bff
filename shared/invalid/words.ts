import type * as z from 'zod';
import { didYouMean, listOf, names } from './names.ts';

type Issue = z.core.$ZodIssue;

/** What a value must be. */
export function mustOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${nounOf(issue.expected)}`;
    case 'invalid_value':
      return mustBeOneOf(issue.values);
    case 'invalid_union':
      if (hasOptions(issue)) return mustBeOneOf(issue.options);
      return issue.errors.length === 0
        ? 'must be of one form, and fits several'
        : `must be ${listOf(formsOf(issue.errors))}`;
    case 'too_small':
    case 'too_big':
      return boundText(issue);
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return formatText(issue);
    default:
      return 'must have another form: see the documentation';
  }
}

/** What a value is not, where that says more than what it must be. */
export function notOf(issue: Issue, value: unknown): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'boolean'
        ? 'is neither true nor false'
        : `is not ${nounOf(issue.expected)}`;
    case 'invalid_value':
      return noneOf(issue.values, value);
    case 'invalid_union':
      if (hasOptions(issue)) return noneOf(issue.options, value);
      return issue.errors.length === 0 ? undefined : `is not ${listOf(formsOf(issue.errors))}`;
    default:
      return undefined;
  }
}

function hasOptions<I extends Issue>(issue: I): issue is I & { options: readonly unknown[] } {
  return 'options' in issue && Array.isArray(issue.options) && issue.options.length > 0;
}

function mustBeOneOf(values: readonly unknown[]): string {
  return values.length === 1
    ? `must be ${JSON.stringify(values[0])}`
    : `must be one of ${names(values)}`;
}

function noneOf(values: readonly unknown[], value: unknown): string | undefined {
  if (values.length === 1 || value === undefined) return undefined;
  return `is none of ${names(values)}${didYouMean(value, values)}`;
}

function boundText(issue: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall): string {
  const isBig = issue.code === 'too_big';
  const bound = Number(isBig ? issue.maximum : issue.minimum);
  const isInclusive = issue.inclusive !== false;
  const [one, many] = UNITS[issue.origin] ?? [];
  if (one === undefined) {
    if (isBig) return `must be ${isInclusive ? 'at most' : 'less than'} ${bound}`;
    return `must be ${isInclusive ? 'at least' : 'more than'} ${bound}`;
  }
  if (!isBig && bound === 1 && isInclusive && !issue.exact) return 'must not be empty';
  const limit = isBig ? 'at most' : 'at least';
  return `must have ${issue.exact ? 'exactly' : limit} ${bound} ${bound === 1 ? one : many}`;
}

const UNITS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
  set: ['entry', 'entries'],
  map: ['entry', 'entries'],
  file: ['byte', 'bytes'],
};

function formatText(issue: z.core.$ZodIssueInvalidStringFormat): string {
  const text = (key: string): string => JSON.stringify(Reflect.get(issue, key));
  switch (issue.format) {
    case 'url':
      return 'must be a whole URL, such as https://host.example/v1';
    case 'datetime':
      return 'must be a time with its zone, such as 2027-01-31T09:00:00Z';
    case 'starts_with':
      return `must start with ${text('prefix')}`;
    case 'ends_with':
      return `must end with ${text('suffix')}`;
    case 'includes':
      return `must contain ${text('includes')}`;
    case 'regex':
      return `must match ${issue.pattern}`;
    default:
      return `must have the format ${issue.format}`;
  }
}

const NOUNS: Readonly<Record<string, string>> = {
  string: 'a text',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
  map: 'an object',
  date: 'a time',
  null: 'null',
  NaN: 'NaN',
  Infinity: 'Infinity',
  undefined: 'left out',
  never: 'left out',
};

export function nounOf(type: string): string {
  return NOUNS[type] ?? `a ${type}`;
}

/**
 * The issues of the branch of a union that the value was meant for: of those that take its type, the
 * one that it fits best.
 */
export function nearestBranch(branches: readonly Issue[][]): readonly Issue[] | undefined {
  const meant = branches.filter((issues) => formOf(issues) === undefined);
  return meant.toSorted((a, b) => a.length - b.length)[0];
}

function formsOf(branches: readonly Issue[][]): readonly string[] {
  return [...new Set(branches.map((issues) => formOf(issues) ?? 'another form'))];
}

/** What a branch of a union takes, if the value is of another type. */
function formOf(issues: readonly Issue[]): string | undefined {
  const issue = issues.find(({ path }) => path.length === 0);
  if (issue?.code === 'invalid_type') return nounOf(issue.expected);
  if (issue?.code === 'invalid_value')
    return listOf(issue.values.map((value) => JSON.stringify(value)));
  if (issue?.code !== 'invalid_union' || issue.errors.length === 0) return undefined;
  return nearestBranch(issue.errors) ? undefined : listOf(formsOf(issue.errors));
}
