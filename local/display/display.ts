import type { BatchView } from '../batches/view.ts';
import { batchLine } from './line.ts';

/** Where the display writes: a terminal, a pipe or a file. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Shows how the batches stand. */
export interface Display {
  update(views: readonly BatchView[]): void;
  /** Writes a line of its own, above what is redrawn. */
  note(text: string): void;
}

/** A live line per batch on a terminal; elsewhere a line for every change. */
export function createDisplay(output: Output): Display {
  return output.isTTY === true ? createLiveDisplay(output) : createPlainDisplay(output);
}

function createPlainDisplay(output: Output): Display {
  const shown = new Map<string, string>();
  return {
    update(views) {
      for (const view of views) {
        const line = batchLine(view);
        if (shown.get(view.batchId) === line) continue;
        shown.set(view.batchId, line);
        output.write(`${line}\n`);
      }
    },
    note: (text) => output.write(`${text}\n`),
  };
}

const CLEAR_LINE = '\u001b[2K';
const lineUp = (lines: number): string => (lines > 0 ? `\u001b[${lines}A` : '');

function createLiveDisplay(output: Output): Display {
  let lines: readonly string[] = [];
  const draw = (drawn: number): void => {
    output.write(lineUp(drawn) + lines.map((line) => `${CLEAR_LINE}${line}\n`).join(''));
  };
  return {
    update(views) {
      const drawn = lines.length;
      // A line that wraps could not be redrawn in place.
      const width = output.columns ?? 80;
      const next = views.map((view) => batchLine(view).slice(0, width - 1));
      if (next.join('\n') === lines.join('\n')) return;
      lines = next;
      draw(drawn);
    },
    note(text) {
      output.write(`${lineUp(lines.length)}${CLEAR_LINE}${text}\n`);
      draw(0);
    },
  };
}
