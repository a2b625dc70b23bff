import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';

/** Lines at the bottom of a terminal that are redrawn in place. */
export interface LiveLines {
  /**
   * Each line must be narrower than the terminal, because a wrapped line cannot be redrawn in place.
   * Lines beyond the height of the terminal are only counted.
   */
  draw(lines: readonly string[]): void;
  /** Writes a line above them, which stays. */
  note(text: string): void;
  /** Removes them. */
  clear(): void;
}

const CLEAR_LINE = '\u001b[2K';
const CLEAR_BELOW = '\u001b[0J';
/** Moves to the first column too, because the terminal shows ^C before the cursor. */
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
      // Redraws all lines, because the note may take several.
      output.write(`${lineUp(heightOf(shown, output))}${CLEAR_BELOW}${text}\n`);
      redraw(0);
    },
    clear() {
      output.write(lineUp(heightOf(shown, output)) + CLEAR_BELOW);
      shown = [];
    },
  };
}

/** One row is left to the cursor. Rows that are scrolled off cannot be redrawn. */
function withinRows(lines: readonly string[], { rows = 24 }: Output): readonly string[] {
  const room = Math.max(1, rows - 1);
  if (lines.length <= room) return lines;
  return [...lines.slice(0, room - 1), `… and ${lines.length - room + 1} more`];
}

/** Rows that the lines take now. A terminal that has become narrower wraps them. */
function heightOf(lines: readonly string[], { columns = 0 }: Output): number {
  const wrapped = (line: string): number =>
    columns > 0 ? Math.max(1, Math.ceil(textWidth(line) / columns)) : 1;
  return lines.reduce((sum, line) => sum + wrapped(line), 0);
}

/** Where text goes: a terminal, a pipe or a file. */
export interface Output {
  readonly isTTY?: boolean | undefined;
  /** Width of a terminal. */
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  /** Returns false if the buffer is full, as streams do. */
  write(chunk: string | Uint8Array): unknown;
  /** Calls the listener when the buffer is empty again. */
  once?(event: 'drain', listener: () => void): unknown;
}

/** Control characters, and those that change the direction of the text after them. */
const CONTROL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not reach a terminal.
  /[\u0000-\u001f\u007f-\u009f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g;

/** Text from outside, such as a provider's message, without line ends and escape sequences. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(CONTROL, ' ');
}

/** `printable` text, trimmed. */
export function oneLine(text: string): string {
  return printable(text).trim();
}

/** Columns that a text takes: most East Asian characters and emoji take two, colours none. */
export function textWidth(text: string): number {
  return stringWidth(text);
}

const characters = new Intl.Segmenter();

/** The text, cut with an ellipsis if it is wider. */
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

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
};

/**
 * Reads a duration: `90s`, `45m`, `2h`, `1h30m`, `7d`, `2w`, or a plain number of seconds.
 *
 * @returns seconds; undefined if the text is not a duration
 */
export function parseDuration(text: string): number | undefined {
  if (/^\d+(\.\d+)?$|^\.\d+$/.test(text)) return Number(text);
  if (!/^(\d+(\.\d+)?[smhdw])+$/.test(text)) return undefined;
  const pieces = [...text.matchAll(/([\d.]+)([smhdw])/g)];
  return pieces.reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (UNIT_SECONDS[unit] ?? 0),
    0,
  );
}

/** A number with its noun, in the singular or plural: `1 batch`, `2,000 batches`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}
