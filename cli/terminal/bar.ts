const FULL = '█';
const EMPTY = '░';
/** Eighths of a character. */
const PARTLY = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar and its percentage; without a whole to be a part of, an empty bar. */
export function bar(done: number, total: number, width: number): string {
  const share = total > 0 ? Math.min(1, done / total) : 0;
  const eighths = Math.floor(share * width * 8);
  const filled = FULL.repeat(Math.floor(eighths / 8)) + (PARTLY[eighths % 8] ?? '');
  // Down, so that 100 % means all.
  const percent = `${Math.floor(share * 100)}%`.padStart(5);
  return `${filled}${EMPTY.repeat(width - filled.length)}${percent}`;
}
