import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { type Figure, isReached } from '../harness/figures.ts';
import { amountOf, chartsOf } from './charts.ts';

/** The figures of one benchmark, under its title. */
export interface Section {
  readonly title: string;
  readonly figures: readonly Figure[];
}

/** One figure as a line of JSON. */
export function jsonLine(figure: Figure): string {
  const { name, value, unit, goal } = figure;
  const line = {
    name,
    value: round(value),
    unit,
    goal: goal?.value ?? null,
    ok: isReached(figure),
  };
  return `${JSON.stringify(line)}\n`;
}

/** Rounds to four significant digits, because no measurement here has more. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}

/** A table for the terminal: the title, and one line a figure. */
export function textTable(title: string, figures: readonly Figure[]): string {
  const width = Math.max(...figures.map(({ what }) => what.length));
  const lines = figures.map(
    (figure) =>
      `  ${figure.what.padEnd(width)}  ${amountOf(figure).padStart(14)}  ${verdictOf(figure)}`,
  );
  return `${title}\n${lines.map((line) => line.trimEnd()).join('\n')}\n\n`;
}

/** The figures of one benchmark as a section of Markdown. */
export function markdownTable(title: string, figures: readonly Figure[]): string {
  const lines = figures.map(
    (figure) => `| ${figure.what} | ${amountOf(figure)} | ${goalOf(figure)} | ${markOf(figure)} |`,
  );
  return [`### ${title}`, '', '| | measured | goal | |', '|---|--:|--:|---|', ...lines, ''].join(
    '\n',
  );
}

function goalOf({ goal, unit }: Figure): string {
  if (goal === undefined) return '';
  return `${goal.is === 'at most' ? '≤' : '≥'} ${amountOf({ value: goal.value, unit })}`;
}

function markOf(figure: Figure): string {
  const reached = isReached(figure);
  if (reached !== null) return reached ? 'reached' : '**missed**';
  return figure.isLimit ? 'physical limit' : '';
}

function verdictOf(figure: Figure): string {
  const reached = isReached(figure);
  if (reached === null) return figure.isLimit ? 'physical limit' : '';
  return `${reached ? 'reached' : 'MISSED'}: ${goalOf(figure)}`;
}

const BEGIN = '<!-- figures: written by npm run bench -- --write-docs -->';
const END = '<!-- end of figures -->';

/**
 * Returns the page with its figures replaced.
 *
 * @param circumstances a sentence about the machine and the date
 * @throws Error if the page has lost its markers
 */
export function withFigures(
  page: string,
  circumstances: string,
  sections: readonly Section[],
): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin === -1 || end < begin)
    throw new Error(`the page has no place for the figures: put back ${BEGIN} and ${END}`);
  const tables = sections.map(({ title, figures }) => markdownTable(title, figures));
  const figures = [BEGIN, '', circumstances, '', ...tables].join('\n');
  return page.slice(0, begin) + figures + page.slice(end);
}

const DOCS = join(import.meta.dirname, '..', '..', 'docs');

/** Writes the figures of a whole run, and their plots, into docs/performance.md. */
export function writeDocs(sections: readonly Section[], loadBefore: number): void {
  const path = join(DOCS, 'performance.md');
  const page = withFigures(readFileSync(path, 'utf8'), circumstances(loadBefore), sections);
  const charts = chartsOf(sections.flatMap(({ figures }) => figures));
  const plots = join(DOCS, 'performance');
  mkdirSync(plots, { recursive: true });
  for (const [name, svg] of Object.entries(charts)) writeFileSync(join(plots, `${name}.svg`), svg);
  writeFileSync(path, page);
}

function circumstances(loadBefore: number): string {
  const [{ model = 'unknown processor' } = {}, ...others] = cpus();
  const cores = others.length + 1;
  const memory = Math.round(totalmem() / 1024 ** 3);
  const date = new Date().toISOString().slice(0, 10);
  const load = `load ${loadBefore.toFixed(1)} before and ${(loadavg()[0] ?? 0).toFixed(1)} after`;
  return `Measured on ${date}: ${cores} cores (${model}), ${memory} GiB, Node ${process.versions.node}, ${load}.`;
}
