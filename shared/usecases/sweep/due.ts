import type { SweepCursors } from '../../batch/ports.ts';
import type { Batch, BatchFields } from '../../batch/record.ts';
import { isEnded } from '../../batch/status.ts';
import type { Dependencies } from '../dependencies.ts';
import { attributed } from '../logFields.ts';
import { advanceParts, stopIfOrphan } from '../parts.ts';
import { type TransitionPorts, transition } from '../transition.ts';
import { type FoundBatch, inLanes, readRecords } from './lanes.ts';
import type { SweepRun } from './run.ts';

type ReadPagePorts = Pick<Dependencies, 'batches' | 'log'>;
type DuePorts = TransitionPorts & ReadPagePorts;

/** Where a page starts in the `due` index. */
interface PagePosition {
  readonly shard: number;
  readonly cursor: string | undefined;
}

interface DuePage {
  readonly due: readonly FoundBatch[];
  readonly next: PagePosition | undefined;
}

/**
 * Reads the due batches shard by shard, the oldest first. While the batches of one page are
 * processed the next page is read, so at most two pages of records are in memory. When the time for
 * due batches is over, it saves the page of the first batch that it has not yielded, and the next
 * sweep begins with that shard. So no batch is skipped, and every shard comes first in turn.
 */
async function* dueBatches(
  ports: DuePorts,
  run: SweepRun,
  cursors: SweepCursors,
): AsyncGenerator<FoundBatch> {
  const until = ports.clock.now();
  const start = startOf(cursors, ports.batches.shards);
  let position: PagePosition | undefined = start;
  let upcoming = readPage(ports, until, start.shard, start);
  try {
    while (position) {
      const { due, next }: DuePage = await upcoming;
      if (next) {
        upcoming = readPage(ports, until, start.shard, next);
        // It is awaited later, or never if the time is over before.
        upcoming.catch(() => {});
      }
      for (const batch of due) {
        if (run.dueBudgetSpent()) return saveCursor(run, position);
        yield batch;
      }
      position = next;
      if (next && run.dueBudgetSpent()) return saveCursor(run, next);
    }
  } finally {
    await upcoming.catch(() => {});
  }
}

async function readPage(
  ports: ReadPagePorts,
  until: number,
  firstShard: number,
  { shard, cursor }: PagePosition,
): Promise<DuePage> {
  const page = await ports.batches.listDue(shard, until, cursor);
  // Running batches are due in every sweep. They are checked provider by provider.
  const others = page.items.filter(({ status }) => status !== 'running');
  const ids = others.map(({ batchId }) => batchId);
  const due = ids.length > 0 ? await readRecords(ports, ids) : [];
  if (page.cursor !== undefined) return { due, next: { shard, cursor: page.cursor } };
  const nextShard = (shard + 1) % ports.batches.shards;
  const isLast = nextShard === firstShard;
  return { due, next: isLast ? undefined : { shard: nextShard, cursor: undefined } };
}

/** Where the last sweep ran out of time, else the start of the first shard. */
function startOf(cursors: SweepCursors, shards: number): PagePosition {
  for (let shard = 0; shard < shards; shard++) {
    const cursor = cursors[cursorName(shard)];
    if (cursor !== undefined) return { shard, cursor: cursor === '' ? undefined : cursor };
  }
  return { shard: 0, cursor: undefined };
}

/** An empty cursor is the start of the shard. */
function saveCursor(run: SweepRun, { shard, cursor = '' }: PagePosition): void {
  run.nextCursors[cursorName(shard)] = cursor;
}

function cursorName(shard: number): string {
  return `open#${shard}`;
}

/** Batches processed at the same time. Bounds the concurrent calls to the table. */
const CONCURRENCY = 100;

/**
 * Processes the due batches, except those that wait for answers of a provider: running ones, and
 * ended ones with files to delete, which it only notes.
 *
 * @param cursors where the last sweep ran out of time
 */
export async function processDueBatches(
  ports: DuePorts,
  run: SweepRun,
  cursors: SweepCursors,
): Promise<void> {
  const due = dueBatches(ports, run, cursors);
  await inLanes(due, CONCURRENCY, (batch) => processDue(ports, run, batch));
}

function processDue(
  ports: DuePorts,
  run: SweepRun,
  { batchId, record }: FoundBatch,
): Promise<void> {
  return run.safely({ batchId }, async () => {
    const batch = record ?? (await ports.batches.get(batchId));
    if (!batch) return;
    try {
      await processRecord(ports, run, batch);
    } catch (error) {
      throw attributed(error, batch);
    }
  });
}

async function processRecord(ports: DuePorts, run: SweepRun, batch: Batch): Promise<void> {
  const now = ports.clock.now();
  if (batch.status === 'split') return advanceParts(ports, batch);
  // The index was behind: it is checked with the others of its provider, in the next sweep if not now.
  if (batch.status === 'running') return;
  if (batch.status === 'submitting' && batch.claim && now >= batch.claim.leaseUntil) {
    run.unresolved.push({ ...batch, claim: batch.claim });
    return;
  }
  if (await stopIfOrphan(ports, batch)) return;
  const { dueAt = now }: BatchFields = batch;
  run.gauges.noteDue(dueAt, now);
  if (isEnded(batch.status)) {
    run.ended.push({ batchId: batch.batchId, provider: batch.provider });
    return;
  }
  await transition(ports, batch.batchId, { type: 'due' }, batch);
}
