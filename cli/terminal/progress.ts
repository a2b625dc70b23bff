import prettyBytes from 'pretty-bytes';
import { createLiveLines } from '../../shared/terminal.ts';
import { clip, type Output, oneLine, textWidth, widthOf } from './output.ts';

const FULL = '█';
const EMPTY = '░';
export const BAR_WIDTH = 20;
/** Eighths of a character. */
const PARTLY = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar with its percentage. It is empty if `total` is 0. */
export function bar(done: number, total: number, width: number): string {
  const share = total > 0 ? Math.min(1, done / total) : 0;
  const eighths = Math.floor(share * width * 8);
  const filled = FULL.repeat(Math.floor(eighths / 8)) + (PARTLY[eighths % 8] ?? '');
  // Rounds down, so that 100 % means all.
  const percent = `${Math.floor(share * 100)}%`.padStart(5);
  return `${filled}${EMPTY.repeat(width - filled.length)}${percent}`;
}

/** One line that shows progress. */
export interface ProgressLine {
  show(text: string): void;
  /** Removes the line from a terminal. */
  clear(): void;
}

/** A line that is redrawn in place on a terminal; elsewhere every change is a line of its own. */
export function progressLine(output: Output): ProgressLine {
  if (output.isTTY === true) {
    const live = createLiveLines(output);
    return {
      show: (text) => live.draw([clip(oneLine(text), widthOf(output) - 1)]),
      clear: () => live.clear(),
    };
  }
  let shown = '';
  return {
    show(text) {
      if (text !== shown) output.write(`${text}\n`);
      shown = text;
    },
    clear() {},
  };
}

/** Shows each value that has a text on one line until the last value, which it returns. */
export async function showProgress<T>(
  values: AsyncIterable<T>,
  output: Output,
  textOf: (value: T) => string | undefined,
): Promise<T | undefined> {
  const line = progressLine(output);
  let last: T | undefined;
  try {
    for await (const value of values) {
      last = value;
      const text = textOf(value);
      if (text !== undefined) line.show(text);
    }
  } finally {
    line.clear();
  }
  return last;
}

/** The progress of one file. */
export interface Transfer {
  update(bytes: number, total: number | undefined): void;
  /** Removes it from the terminal. */
  end(): void;
}

/** Shortest time between two drawings, because chunks come faster than anyone can read. */
const DRAW_MS = 100;

/** Shows the progress of a file on a terminal; elsewhere it shows nothing. */
export function showTransfer(output: Output, name: string, now: () => number): Transfer {
  if (output.isTTY !== true) return { update() {}, end() {} };
  const live = createLiveLines(output);
  const startedAt = now();
  let drawnAt = Number.NEGATIVE_INFINITY;
  return {
    update(bytes, total) {
      if (now() - drawnAt < DRAW_MS && bytes !== total) return;
      drawnAt = now();
      const seconds = Math.max(0.001, (now() - startedAt) / 1000);
      const of = total === undefined ? '' : ` of ${prettyBytes(total)}`;
      const parts = [
        ...(total === undefined ? [] : [bar(bytes, total, BAR_WIDTH)]),
        `${prettyBytes(bytes)}${of}`,
        `${prettyBytes(bytes / seconds)}/s`,
      ];
      const rest = parts.join('  ');
      const width = widthOf(output) - 1;
      live.draw([
        clip(`${clip(oneLine(name), Math.max(10, width - textWidth(rest) - 2))}  ${rest}`, width),
      ]);
    },
    end: live.clear,
  };
}
