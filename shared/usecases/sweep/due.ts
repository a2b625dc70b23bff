import { messageOf } from '../../batch/errors.ts';
import type { SweepCursors } from '../../batch/ports.ts';
import type { Batch, BatchFields } from '../../batch/record.ts';
import type { Dependencies } from '../dependencies.ts';
import { attributed } from '../logFields.ts';
import { advanceParts, stopIfOrphan } from '../parts.ts';
import { type TransitionPorts, transition } from '../transition.ts';
import { type CheckPorts, check } from './check.ts';
import type { SweepRun } from './run.ts';

type ReadPagePorts = Pick<Dependencies, 'batches' | 'log'>;
type DuePorts = TransitionPorts & CheckPorts & ReadPagePorts;

/** A due batch as the index shows it, and its record if that was read with the others of its page. */
interface DueBatch {
  readonly batchId: string;
  readonly record: Batch | undefined;
}

/** Where a page starts in the `due` index. */
interface PagePosition {
  readonly shard: number;
  readonly cursor: string | undefined;
}

interface DuePage {
  readonly due: readonly DueBatch[];
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
): AsyncGenerator<DueBatch> {
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
  { batches, log }: ReadPagePorts,
  until: number,
  firstShard: number,
  { shard, cursor }: PagePosition,
): Promise<DuePage> {
  const page = await batches.listDue(shard, until, cursor);
  const ids = page.items.map(({ batchId }) => batchId);
  // A record that is missing here is read by itself later, so that its own error is logged.
  const records = await batches.getMany(ids).catch((error: unknown) => {
    const fields = { error: messageOf(error) };
    log.warn('records of a page could not be read; reading them one by one', fields);
    return undefined;
  });
  const due = ids.map((batchId) => ({ batchId, record: records?.get(batchId) }));
  if (page.cursor !== undefined) return { due, next: { shard, cursor: page.cursor } };
  const nextShard = (shard + 1) % batches.shards;
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

/** Batches processed at the same time. Bounds the concurrent calls to a provider and the table. */
const CONCURRENCY = 100;

/**
 * Processes the due batches. It returns, or throws, only when everything that it began is over,
 * because the sweep's lease is released after that.
 *
 * @param cursors where the last sweep ran out of time
 */
export async function processDueBatches(
  ports: DuePorts,
  run: SweepRun,
  cursors: SweepCursors,
): Promise<void> {
  const due = dueBatches(ports, run, cursors);
  const loops: Promise<void>[] = [];
  const failures: unknown[] = [];
  // The loops share one generator, which yields each batch to one of them. A loop that gets its
  // first batch starts the next loop, so a quiet sweep runs two.
  const loop = async () => {
    let isFirst = true;
    for await (const batch of due) {
      if (isFirst) startLoop();
      isFirst = false;
      await processDue(ports, run, batch);
    }
  };
  const startLoop = () => {
    if (loops.length < CONCURRENCY) loops.push(loop().catch((error) => void failures.push(error)));
  };
  startLoop();
  // The array grows while it is iterated over.
  for (const one of loops) await one;
  if (failures.length > 0) throw failures[0];
}

function processDue(ports: DuePorts, run: SweepRun, { batchId, record }: DueBatch): Promise<void> {
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
  if (batch.status === 'running') {
    run.gauges.noteRunning(batch);
    return check(ports, run, batch);
  }
  if (batch.status === 'submitting' && batch.claim && now >= batch.claim.leaseUntil) {
    run.unresolved.push({ ...batch, claim: batch.claim });
    return;
  }
  if (await stopIfOrphan(ports, batch)) return;
  const { dueAt = now }: BatchFields = batch;
  run.gauges.noteDue(dueAt, now);
  await transition(ports, batch.batchId, { type: 'due' }, batch);
}
