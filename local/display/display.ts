import { createLiveLines } from '../../shared/terminal/liveLines.ts';
import type { Output } from '../../shared/terminal/output.ts';
import { clip } from '../../shared/terminal/text.ts';
import type { BatchView } from '../batches/view.ts';
import { batchLine } from './line.ts';

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

function createLiveDisplay(output: Output): Display {
  const live = createLiveLines(output);
  return {
    update(views) {
      const width = output.columns || 80;
      live.draw(views.map((view) => clip(batchLine(view), width - 1)));
    },
    note: live.note,
  };
}
