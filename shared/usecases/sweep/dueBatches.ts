import type { Batch } from '../../batch/batch.ts';
import { messageOf } from '../../batch/errors.ts';
import type { SweepCursors } from '../../batch/ports.ts';
import type { Dependencies } from '../dependencies.ts';
import type { SweepRun } from './run.ts';

/** What is due, as the index tells it, and its record if that could be read with the others. */
export interface DueBatch {
  readonly batchId: string;
  readonly record: Batch | undefined;
}

/** A page of a shard. */
interface Position {
  readonly shard: number;
  readonly cursor: string | undefined;
}

interface DuePage {
  readonly due: readonly DueBatch[];
  readonly next: Position | undefined;
}

/**
 * What is due, shard by shard, the oldest first. While one page is looked at the next is read: no
 * more than two pages of records are held. Out of time, it ends and leaves where the next sweep
 * goes on: at the page of the first batch that was not given out. So a cursor passes only pages
 * that were given out whole, and the shards take turns at coming first.
 */
export async function* dueBatches(
  dependencies: Dependencies,
  run: SweepRun,
  cursors: SweepCursors,
): AsyncGenerator<DueBatch> {
  const { clock, batches } = dependencies;
  const until = clock.now();
  const start = startOf(cursors, batches.shards);
  let position: Position | undefined = start;
  let upcoming = readPage(dependencies, until, start.shard, start);
  try {
    while (position) {
      const { due, next }: DuePage = await upcoming;
      if (next) {
        upcoming = readPage(dependencies, until, start.shard, next);
        // Awaited later, or never if this ends before.
        upcoming.catch(() => {});
      }
      for (const batch of due) {
        if (run.isLookingOver()) return leave(run, position);
        yield batch;
      }
      position = next;
      if (next && run.isLookingOver()) return leave(run, next);
    }
  } finally {
    await upcoming.catch(() => {});
  }
}

async function readPage(
  { batches, log }: Dependencies,
  until: number,
  first: number,
  { shard, cursor }: Position,
): Promise<DuePage> {
  const page = await batches.listDue(shard, until, cursor);
  const ids = page.items.map(({ batchId }) => batchId);
  // What is not among them is read by itself, and shows its own error.
  const records = await batches.getMany(ids).catch((error: unknown) => {
    log.warn('records could not be read together: each is read by itself', {
      error: messageOf(error),
    });
    return undefined;
  });
  const due = ids.map((batchId) => ({ batchId, record: records?.get(batchId) }));
  if (page.cursor !== undefined) return { due, next: { shard, cursor: page.cursor } };
  const following = (shard + 1) % batches.shards;
  return { due, next: following === first ? undefined : { shard: following, cursor: undefined } };
}

/** The shard where the last sweep ran out of time. */
function startOf(cursors: SweepCursors, shards: number): Position {
  for (let shard = 0; shard < shards; shard++) {
    const cursor = cursors[nameOf(shard)];
    if (cursor !== undefined) return { shard, cursor: cursor === '' ? undefined : cursor };
  }
  return { shard: 0, cursor: undefined };
}

function leave(run: SweepRun, { shard, cursor = '' }: Position): void {
  run.next[nameOf(shard)] = cursor;
}

/** The cursor of a shard. Empty: at its start. */
function nameOf(shard: number): string {
  return `open#${shard}`;
}
