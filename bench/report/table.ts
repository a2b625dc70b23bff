import { type Figure, isReached } from '../figure.ts';

/** For people: a title, and a line for each figure. */
export function textTable(title: string, figures: readonly Figure[]): string {
  const width = Math.max(...figures.map(({ what }) => what.length));
  const lines = figures.map(
    (figure) =>
      `  ${figure.what.padEnd(width)}  ${amountOf(figure).padStart(14)}  ${verdictOf(figure)}`,
  );
  return `${title}\n${lines.map((line) => line.trimEnd()).join('\n')}\n\n`;
}

/** The figures of one benchmark in Markdown. */
export function markdownTable(title: string, figures: readonly Figure[]): string {
  const lines = figures.map(
    (figure) => `| ${figure.what} | ${amountOf(figure)} | ${goalOf(figure)} | ${markOf(figure)} |`,
  );
  return [`### ${title}`, '', '| | measured | goal | |', '|---|--:|--:|---|', ...lines, ''].join(
    '\n',
  );
}

export function amountOf({ value, unit }: Pick<Figure, 'value' | 'unit'>): string {
  const text = unit === '$' ? `$${value.toFixed(2)}` : `${formatted(value)} ${unit}`;
  return text.trim();
}

function formatted(value: number): string {
  if (value >= 1_000) return Math.round(value).toLocaleString('en-US');
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
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
