import type { Output } from './output.ts';

/** Lines at the end of a terminal that are drawn over and over. */
export interface LiveLines {
  /** Each must be narrower than the terminal: one that wraps could not be redrawn in place. */
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
      if (lines.join('\n') === shown.join('\n')) return;
      const drawn = shown.length;
      shown = lines;
      redraw(drawn);
    },
    note(text) {
      // All of them, because a note may take several lines.
      output.write(`${lineUp(shown.length)}${CLEAR_BELOW}${text}\n`);
      redraw(0);
    },
    clear() {
      output.write(lineUp(shown.length) + CLEAR_BELOW);
      shown = [];
    },
  };
}
