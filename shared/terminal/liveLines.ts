import type { Output } from './output.ts';
import { textWidth } from './text.ts';

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
