import type { Finding, FindingLevel } from '../shared/operations/doctor/finding.ts';
import { oneLine, type painter, type Style } from './terminal/output.ts';
import { hanging } from './terminal/wrap.ts';

const MARKS: Readonly<Record<FindingLevel, readonly [string, Style]>> = {
  ok: ['ok', 'green'],
  note: ['note', 'cyan'],
  problem: ['act', 'red'],
  unknown: ['?', 'yellow'],
};

const MARK_WIDTH = 5;
const CHECK_WIDTH = 14;

/** What it is, and below it what to do. */
export function findingLines(
  { check, level, what, fix }: Finding,
  isFirstOfCheck: boolean,
  width: number,
  paint: ReturnType<typeof painter>,
): readonly string[] {
  const [mark, style] = MARKS[level];
  const name = isFirstOfCheck ? check : '';
  const margin = ' '.repeat(MARK_WIDTH);
  const [first = '', ...others] = hanging(margin + name.padEnd(CHECK_WIDTH), oneLine(what), width);
  return [
    paint(style, mark.padEnd(MARK_WIDTH)) + first.slice(MARK_WIDTH),
    ...others,
    ...(fix === undefined
      ? []
      : hanging(`${margin}${' '.repeat(CHECK_WIDTH)}→ `, oneLine(fix), width)),
  ];
}
