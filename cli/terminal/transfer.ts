import { createLiveLines } from '../../shared/terminal/liveLines.ts';
import { bytesText } from '../text.ts';
import { bar } from './bar.ts';
import { clip, type Output, oneLine, textWidth, widthOf } from './output.ts';

/** The progress of one file on a terminal; elsewhere nothing. */
export interface Transfer {
  update(bytes: number, total: number | undefined): void;
  /** Leaves no trace. */
  end(): void;
}

const BAR_WIDTH = 20;
/** Between two drawings: chunks come faster than anybody reads. */
const DRAW_MS = 100;

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
      const of = total === undefined ? '' : ` of ${bytesText(total)}`;
      const parts = [
        ...(total === undefined ? [] : [bar(bytes, total, BAR_WIDTH)]),
        `${bytesText(bytes)}${of}`,
        `${bytesText(bytes / seconds)}/s`,
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
