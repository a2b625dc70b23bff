import { clip, printable, type Style, textWidth } from './output.ts';

export interface Column<T> {
  readonly title: string;
  /** May come from outside: control characters are not shown. */
  text(row: T): string;
  readonly align?: 'right';
  /** If the terminal is too narrow, columns of a high rank are left out first; those of rank 0 stay. */
  readonly rank: number;
  /** The least width that its texts may be cut to. Default: they are not cut. */
  readonly minWidth?: number;
  style?(row: T): Style | undefined;
}

const GAP = '  ';

/**
 * The lines of a table that is at most `width` wide, the titles first.
 *
 * @param paint applies a style to a text
 */
export function tableLines<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  width: number,
  paint: (style: Style, text: string) => string,
): readonly string[] {
  const natural = new Map(columns.map((column) => [column, naturalWidth(column, rows)]));
  const least = (column: Column<T>): number =>
    Math.min(natural.get(column) ?? 0, column.minWidth ?? Number.POSITIVE_INFINITY);
  const chosen = new Set<Column<T>>();
  for (const column of [...columns].sort((a, b) => a.rank - b.rank))
    if (column.rank === 0 || total([...chosen, column].map(least)) <= width) chosen.add(column);
  const shown = columns.filter((column) => chosen.has(column));
  const widths = shrink(
    shown.map((column) => ({
      natural: natural.get(column) ?? 0,
      least: least(column),
      rank: column.rank,
    })),
    width,
  );
  const line = (cell: (column: Column<T>) => string, style: (column: Column<T>) => Style) =>
    shown
      .map((column, index) => {
        const isLast = index === shown.length - 1;
        const text = padded(clip(cell(column), widths[index] ?? 0), widths[index] ?? 0, column);
        return paint(style(column), isLast ? text.trimEnd() : text);
      })
      .join(GAP)
      .trimEnd();
  return [
    line(
      ({ title }) => title,
      () => 'dim',
    ),
    ...rows.map((row) =>
      line(
        (column) => printable(column.text(row)),
        (column) => column.style?.(row) ?? 'reset',
      ),
    ),
  ];
}

function naturalWidth<T>(column: Column<T>, rows: readonly T[]): number {
  return rows.reduce(
    (widest, row) => Math.max(widest, textWidth(printable(column.text(row)))),
    textWidth(column.title),
  );
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, each) => sum + each, 0) + GAP.length * (widths.length - 1);
}

/** Narrows the columns to fit: those of the highest rank down to their least width, then the widest. */
function shrink(
  columns: readonly { natural: number; least: number; rank: number }[],
  width: number,
): number[] {
  const widths = columns.map(({ natural }) => natural);
  const order = [...columns.keys()].sort(
    (a, b) => (columns[b]?.rank ?? 0) - (columns[a]?.rank ?? 0),
  );
  for (let over = total(widths) - width; over > 0; over = total(widths) - width) {
    const giving = order.find((index) => (widths[index] ?? 0) > (columns[index]?.least ?? 0));
    const chosen = giving ?? widths.indexOf(Math.max(...widths));
    const spare = giving === undefined ? 1 : (widths[chosen] ?? 0) - (columns[chosen]?.least ?? 0);
    if ((widths[chosen] ?? 0) <= 1) break;
    widths[chosen] = (widths[chosen] ?? 0) - Math.min(over, spare);
  }
  return widths;
}

function padded<T>(text: string, width: number, { align }: Column<T>): string {
  const blanks = ' '.repeat(Math.max(0, width - textWidth(text)));
  return align === 'right' ? blanks + text : text + blanks;
}
