import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';

/** Lines at the end of a terminal that are drawn over and over. */
export interface LiveLines {
  /**
   * Each must be narrower than the terminal: one that wraps could not be redrawn in place. Of more
   * lines than it has, the last are only counted.
   */
  draw(lines: readonly string[]): void;
  /** Writes a line of its own, above them. */
  note(text: string): void;
  /** Leaves nothing of them. */
  clear(): void;
}

const CLEAR_LINE = '\u001b[2K';
const CLEAR_BELOW = '\u001b[0J';
/** To the first column too: ^C leaves its echo before the cursor. */
const lineUp = (lines: number): string => (lines > 0 ? `\r\u001b[${lines}A` : '');

export function createLiveLines(output: Output): LiveLines {
  let shown: readonly string[] = [];
  const redraw = (drawn: number): void => {
    const text = shown.map((line) => `${CLEAR_LINE}${line}\n`).join('');
    output.write(lineUp(drawn) + text + (shown.length < drawn ? CLEAR_BELOW : ''));
  };
  return {
    draw(lines) {
      const fitting = withinRows(lines, output);
      if (fitting.join('\n') === shown.join('\n')) return;
      const drawn = heightOf(shown, output);
      shown = fitting;
      redraw(drawn);
    },
    note(text) {
      // All of them, because a note may take several lines.
      output.write(`${lineUp(heightOf(shown, output))}${CLEAR_BELOW}${text}\n`);
      redraw(0);
    },
    clear() {
      output.write(lineUp(heightOf(shown, output)) + CLEAR_BELOW);
      shown = [];
    },
  };
}

/** The cursor has a line of its own below; it cannot go up to what was scrolled off. */
function withinRows(lines: readonly string[], { rows = 24 }: Output): readonly string[] {
  const room = Math.max(1, rows - 1);
  if (lines.length <= room) return lines;
  return [...lines.slice(0, room - 1), `… and ${lines.length - room + 1} more`];
}

/** Lines of the terminal that they take now: one that became narrower has wrapped them. */
function heightOf(lines: readonly string[], { columns = 0 }: Output): number {
  const wrapped = (line: string): number =>
    columns > 0 ? Math.max(1, Math.ceil(textWidth(line) / columns)) : 1;
  return lines.reduce((sum, line) => sum + wrapped(line), 0);
}

/** Where text goes: a terminal, a pipe or a file. */
export interface Output {
  readonly isTTY?: boolean | undefined;
  /** Of a terminal. */
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  /** False, as streams say it, if it has no room for more. */
  write(chunk: string | Uint8Array): unknown;
  /** Tells when there is room again. */
  once?(event: 'drain', listener: () => void): unknown;
}

/** What a terminal obeys instead of showing it, and what turns the direction of the text behind it. */
const CONTROL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal.
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g;

/** Text of others, such as a provider's message, without line ends and escape sequences. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(CONTROL, ' ');
}

/** The same without blanks around it. */
export function oneLine(text: string): string {
  return printable(text).trim();
}

/** Columns that a text takes: most of East Asia's characters and emoji take two, colours none. */
export function textWidth(text: string): number {
  return stringWidth(text);
}

const characters = new Intl.Segmenter();

/** As much of the text as fits. */
export function clip(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  if (width < 1) return '';
  let kept = '';
  let taken = 0;
  for (const { segment } of characters.segment(text)) {
    taken += textWidth(segment);
    if (taken > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

const DURATION_UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const;

/** A duration in the largest unit of which it has two or more: `90s`, `45m`, `30h`, `12d`. */
export function durationText(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  for (const [unit, size] of DURATION_UNITS)
    if (seconds >= 2 * size) return `${Math.floor(seconds / size)}${unit}`;
  return `${seconds}s`;
}

/** A number with its noun, in the singular or plural: `1 batch`, `2,000 batches`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}
