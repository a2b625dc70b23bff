import type * as z from 'zod';
import { isWhole, knownKeys } from './knownKeys.ts';
import { didYouMean, names } from './names.ts';
import { type Parsed, type Path, placeOf, shownAt, typeAt, valueAt } from './shown.ts';
import { mustOf, nearestBranch, notOf, nounOf } from './words.ts';

type Issue = z.core.$ZodIssue;
type Issues = Pick<z.core.$ZodError, 'issues'>;

const MAX_LINES = 3;

/**
 * What is wrong with an input: `priority: "high" is not a whole number`. Each text names the place, the
 * value and what is allowed, in words of this project and never in zod's.
 */
export function invalidText(error: Issues, parsed: Parsed = {}): string {
  const lines = invalidLines({ issues: error.issues.slice(0, MAX_LINES + 1) }, parsed);
  const more = lines.length > MAX_LINES ? ['and more'] : [];
  return [...lines.slice(0, MAX_LINES), ...more].join('; ');
}

/** All of it, a line each. */
export function invalidLines({ issues }: Issues, parsed: Parsed = {}): string[] {
  return issues.flatMap((issue) => linesOf(issue, issue.path, parsed));
}

/** Needs no zod, so that the command line can ask without loading it. */
export function isZodError(error: unknown): error is Error & Issues {
  return error instanceof Error && /^\$?ZodError$/.test(error.name) && 'issues' in error;
}

function linesOf(issue: Issue, path: Path, parsed: Parsed): string[] {
  const own = isOwn(issue) ? issue.message : undefined;
  const within = (inner: Issue): string[] => linesOf(inner, [...path, ...inner.path], parsed);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = knownKeys(parsed.schema, path, parsed.input);
      const keys = issue.keys.slice(0, MAX_LINES + 1);
      return keys.map((key) => `${placeOf([...path, key], parsed)}: ${unknownText(key, known)}`);
    }
    case 'invalid_key': {
      const texts = issue.issues.map((inner) => (isOwn(inner) ? inner.message : mustOf(inner)));
      return [`${placeOf(path, parsed)}: the name ${texts.join(', ').replace(/^the name /, '')}`];
    }
    case 'invalid_element':
      // The value of a Map is known by its key, which may be anything: no text names it.
      return issue.issues.flatMap((inner) => linesOf(inner, path, { root: parsed.root ?? '' }));
    case 'invalid_union': {
      const nearest = own === undefined ? nearestBranch(issue.errors) : undefined;
      if (nearest) return nearest.flatMap(within);
    }
  }
  return [lineOf(issue, own, path, parsed)];
}

function lineOf(given: Issue, own: string | undefined, path: Path, parsed: Parsed): string {
  const issue = withWhole(given, path, parsed);
  const place = placeOf(path, parsed);
  const at = place === '' ? '' : `${place}: `;
  const type = typeAt(issue, path, parsed);
  const must = own ?? mustOf(issue);
  if (type === 'undefined') return `${place || 'the value'} is missing: ${must}`;
  const shown = shownAt(path, parsed);
  if (own !== undefined && !/^(must|is|has) /.test(own))
    return shown === undefined ? `${at}${own}` : `${place || 'the value'} is ${shown}: ${own}`;
  if (own !== undefined) return at + (shown === undefined ? own : `${shown} ${own}`);
  const value = shown ?? (issue.code === 'invalid_type' && type ? nounOf(type) : undefined);
  const not = value === undefined ? undefined : notOf(issue, valueAt(parsed.input, path));
  if (not !== undefined) return `${at}${value} ${not}`;
  return at + (shown === undefined ? must : `${shown} ${must}`);
}

function withWhole(issue: Issue, path: Path, { schema, input }: Parsed): Issue {
  const isNumber = issue.code === 'invalid_type' && issue.expected === 'number';
  return isNumber && isWhole(schema, path, input) ? { ...issue, expected: 'int' } : issue;
}

/** zod's own messages begin so. Those of the schemas begin with a small letter. */
function isOwn({ message }: Issue): boolean {
  return !/^(Invalid |Too (big|small): |Unrecognized key)/.test(message);
}

function unknownText(key: string, known: readonly string[]): string {
  if (known.length === 0) return 'is not known here: remove it';
  return `is not known here${didYouMean(key, known) || `: known are ${names(known)}`}`;
}
