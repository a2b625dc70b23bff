import type { SweepCursors, WaitingHint } from '../../batch/ports.ts';
import type { Dependencies } from '../dependencies.ts';
import type { SweepRun } from './run.ts';

/** Pages in a row that start nothing, after which a sweep leaves the front of a queue. */
const FRONT_PAGES = 5;
/** As many further back, where the last sweep stopped. */
const BACK_PAGES = 10;

const PREFIX = 'waiting#';

/**
 * A provider's waiting batches, page by page and in order, for as long as some of them start: a
 * queue of 100,000 that finds no room must not be read as a whole every minute. What lies further
 * back is come to in turns, a part in each sweep: batches that are too old, of another model, or
 * small enough for what room there is.
 */
export async function* queuePages(
  { batches }: Pick<Dependencies, 'batches'>,
  run: Pick<SweepRun, 'places' | 'admitted'>,
  provider: string,
): AsyncGenerator<readonly WaitingHint[]> {
  const queue = PREFIX + provider;
  const remembered = run.places.get(queue);
  let cursor: string | undefined;
  for (let barren = 0; barren < FRONT_PAGES + BACK_PAGES; ) {
    const isFront = barren < FRONT_PAGES;
    if (barren === FRONT_PAGES && remembered !== undefined) cursor = remembered;
    const page = await batches.listWaiting(provider, cursor);
    const before = run.admitted;
    yield page.items;
    cursor = page.cursor;
    if (cursor === undefined) {
      run.places.delete(queue);
      return;
    }
    if (!isFront) run.places.set(queue, cursor);
    barren = isFront && run.admitted > before ? 0 : barren + 1;
  }
}

/** Where the last sweep stopped in each long queue. */
export function placesIn(cursors: SweepCursors): readonly (readonly [string, string])[] {
  return Object.entries(cursors).filter(([name]) => isPlace(name));
}

/** Whether a cursor is a place in a queue, and no sign of a sweep that ran out of time. */
export function isPlace(name: string): boolean {
  return name.startsWith(PREFIX);
}
