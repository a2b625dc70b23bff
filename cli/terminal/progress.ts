import { createLiveLines } from '../../shared/terminal/liveLines.ts';
import { clip, type Output, oneLine, widthOf } from './output.ts';

/** One line that says how far something is. */
export interface ProgressLine {
  show(text: string): void;
  /** Leaves nothing of it on a terminal. */
  clear(): void;
}

/** Redrawn in place on a terminal; elsewhere a line for each change. */
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
