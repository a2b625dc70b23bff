/** A cell of a file of comma-separated values. A number is written in full, and null as nothing. */
export type CsvCell = string | number | null;

/**
 * The text of a CSV file as RFC 4180 has it, with the names of the columns first. A text that a
 * spreadsheet would take for a formula begins with `'`.
 */
export function csvText(names: readonly string[], rows: readonly (readonly CsvCell[])[]): string {
  return [names, ...rows].map(csvLine).join('');
}

/** One line of such a file. */
export function csvLine(cells: readonly CsvCell[]): string {
  return `${cells.map(cellText).join(',')}\r\n`;
}

/** What a spreadsheet takes for a formula, which may read other cells or files. */
const FORMULA = /^[=+\-@\t\r]/;
const NEEDS_QUOTES = /[",\r\n]/;

function cellText(cell: CsvCell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const safe = FORMULA.test(cell) ? `'${cell}` : cell;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
