import type { SweepCursors, WaitingHint } from '../../batch/ports.ts';
import type { Dependencies } from '../dependencies.ts';
import type { SweepRun } from './run.ts';

/** A sweep stops reading the front of a queue after so many pages in a row that start no batch. */
const FRONT_PAGES = 5;
/** Then it reads so many pages further back, from where the last sweep stopped. */
const BACK_PAGES = 10;

const CURSOR_PREFIX = 'waiting#';

/**
 * Reads a provider's waiting batches page by page, in order, as long as some of them start. A queue
 * of 100,000 batches without capacity must not be read as a whole every minute. Each sweep also
 * reads a part further back, where batches may be past their deadline, of another model, or small
 * enough for the capacity that is left.
 */
export async function* queuePages(
  { batches }: Pick<Dependencies, 'batches'>,
  run: Pick<SweepRun, 'queueCursors' | 'admitted'>,
  provider: string,
): AsyncGenerator<readonly WaitingHint[]> {
  const queue = CURSOR_PREFIX + provider;
  const remembered = run.queueCursors.get(queue);
  let cursor: string | undefined;
  let pagesWithoutStart = 0;
  while (pagesWithoutStart < FRONT_PAGES + BACK_PAGES) {
    const isFront = pagesWithoutStart < FRONT_PAGES;
    if (pagesWithoutStart === FRONT_PAGES && remembered !== undefined) cursor = remembered;
    const page = await batches.listWaiting(provider, cursor);
    const admittedBefore = run.admitted;
    yield page.items;
    cursor = page.cursor;
    if (cursor === undefined) {
      run.queueCursors.delete(queue);
      return;
    }
    if (!isFront) run.queueCursors.set(queue, cursor);
    pagesWithoutStart = isFront && run.admitted > admittedBefore ? 0 : pagesWithoutStart + 1;
  }
}

/** The cursors at which the last sweep stopped in each long queue. */
export function queueCursors(cursors: SweepCursors): readonly (readonly [string, string])[] {
  return Object.entries(cursors).filter(([name]) => isQueueCursor(name));
}

/** Whether a cursor is one of a queue, and no sign of a sweep that ran out of time. */
export function isQueueCursor(name: string): boolean {
  return name.startsWith(CURSOR_PREFIX);
}
