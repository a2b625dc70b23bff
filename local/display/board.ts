import type { StateChange } from '../../shared/batch/stateChange.ts';
import type { BatchView } from '../batches/view.ts';
import { reasonText } from '../batches/view.ts';
import type { Display } from './display.ts';

/** The batches as they were last seen: by looking at the table, or told by an event. */
export interface Board {
  readonly views: readonly BatchView[];
  /** Shows what the table says. */
  show(views: readonly BatchView[]): void;
  /** Shows a change that came and went between two looks at the table. */
  tell(change: StateChange): void;
}

export function createBoard(display: Display): Board {
  let views: readonly BatchView[] = [];
  const show = (latest: readonly BatchView[]): void => {
    views = latest;
    display.update(views);
  };
  return {
    get views() {
      return views;
    },
    show,
    tell({ batchId, to, attempt, counts, reasons, at }) {
      const statusAt = Date.parse(at);
      show(
        views.map((view) => {
          // Events come late now and then: what the table has shown since is newer.
          if (view.batchId !== batchId || statusAt < view.statusAt) return view;
          const { total, succeeded, failed } = counts;
          return {
            ...view,
            status: to,
            statusAt,
            attempts: attempt,
            counts: { total, succeeded, failed },
            reason: reasonText(reasons),
          };
        }),
      );
    },
  };
}
