import type { Failures } from './failures.ts';
import type { Problems } from './problems.ts';
import { sumOf } from './tally.ts';

// Without the schemas, so that a program that only prints loads none.

/**
 * The failures in one line: `3 × 400 invalid_value, e.g. ticket-17; 2 others`. Empty if no error is
 * known, as of a record that was written before errors were counted.
 */
export function failuresText({ groups, other }: Failures): string {
  if (groups.length === 0) return '';
  const texts = groups.map(({ count: times, status, code, example }) => {
    const error = status === undefined ? code : `${status} ${code}`;
    return `${numberText(times)} × ${error}${example === undefined ? '' : `, e.g. ${example}`}`;
  });
  return [...texts, ...othersText(other)].join('; ');
}

/** Kinds of problems that the line below tells: each has a whole sentence. */
const TOLD_PROBLEMS = 3;

/** The problems in one line: `200 problems: 200 × body.stream is true (lines 1, 2, 3 …)`. */
export function problemsText({ total, groups }: Problems): string {
  const told = groups.slice(0, TOLD_PROBLEMS);
  const texts = told.map(({ count: times, message, isVaried, lines }) => {
    const text = isVaried ? `such as: ${message}` : message;
    return `${numberText(times)} × ${text}${linesText(lines, times)}`;
  });
  const others = othersText(total - sumOf(told));
  return `${numberText(total)} problem${total === 1 ? '' : 's'}: ${[...texts, ...others].join('; ')}`;
}

/** A record names so many lines of each kind: with fewer, they are all. */
const NAMED_LINES = 3;

function linesText(lines: readonly number[], times: number): string {
  if (lines.length === 0) return '';
  const more = lines.length >= NAMED_LINES && times > lines.length ? ' …' : '';
  return ` (line${lines.length === 1 ? '' : 's'} ${lines.join(', ')}${more})`;
}

function numberText(value: number): string {
  return value.toLocaleString('en-US');
}

function othersText(other: number): readonly string[] {
  return other > 0 ? [`${numberText(other)} ${other === 1 ? 'other' : 'others'}`] : [];
}
