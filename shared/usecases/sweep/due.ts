import pMap from 'p-map';
import { messageOf } from '../../batch/errors.ts';
import { newKeyPrefix } from '../../batch/ids.ts';
import { needsRetry, newPart, partId, partRetryId } from '../../batch/newRecord.ts';
import type { SweepCursors } from '../../batch/ports.ts';
import type { Batch, BatchFields, BatchIn, Slice } from '../../batch/record.ts';
import { isEnded } from '../../batch/status.ts';
import type { Dependencies } from '../dependencies.ts';
import { withBatchContext } from '../logContext.ts';
import { transition } from '../transition.ts';
import { check } from './check.ts';
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

function saveCursor(run: SweepRun, { shard, cursor = '' }: Position): void {
  run.nextCursors[nameOf(shard)] = cursor;
}

/** The cursor of a shard. Empty: at its start. */
function nameOf(shard: number): string {
  return `open#${shard}`;
}

/** Batches looked at side by side: bounds the calls to a provider and the table at one time. */
const CONCURRENCY = 100;

/**
 * Looks at the batches whose time has come, and returns when all that it has begun is over, also
 * when it throws: the sweep's lease is given back after it.
 *
 * @param cursors where the last sweep ran out of time
 */
export async function processDueBatches(
  dependencies: Dependencies,
  run: SweepRun,
  cursors: SweepCursors,
): Promise<void> {
  const due = dueBatches(dependencies, run, cursors);
  const looks: Promise<void>[] = [];
  const failures: unknown[] = [];
  // They share one generator, which gives each batch to one of them, in order. Each that gets one
  // sets the next going: a quiet sweep needs two.
  const look = async () => {
    let isFirst = true;
    for await (const batch of due) {
      if (isFirst) setGoing();
      isFirst = false;
      await processDue(dependencies, run, batch);
    }
  };
  const setGoing = () => {
    if (looks.length < CONCURRENCY) looks.push(look().catch((error) => void failures.push(error)));
  };
  setGoing();
  // Grows while it is gone through.
  for (const one of looks) await one;
  if (failures.length > 0) throw failures[0];
}

function processDue(dependencies: Dependencies, run: SweepRun, due: DueBatch): Promise<void> {
  const { batches } = dependencies;
  return run.safely({ batchId: due.batchId }, async () => {
    const batch = due.record ?? (await batches.get(due.batchId));
    if (batch) await withBatchContext(batch, () => processRecord(dependencies, run, batch));
  });
}

async function processRecord(
  dependencies: Dependencies,
  run: SweepRun,
  batch: Batch,
): Promise<void> {
  const now = dependencies.clock.now();
  if (batch.status === 'split') return advanceParts(dependencies, batch);
  if (batch.status === 'running') {
    run.gauges.noteRunning(batch);
    return check(dependencies, run, batch);
  }
  if (batch.status === 'submitting' && batch.claim && now >= batch.claim.leaseUntil) {
    run.unresolved.push({ ...batch, claim: batch.claim });
    return;
  }
  const { dueAt = now }: BatchFields = batch;
  run.gauges.noteDue(dueAt, now);
  await transition(dependencies, batch.batchId, { type: 'due' }, batch);
}

/** Parts of one batch looked at side by side. */
const TEND_PARTS_CONCURRENCY = 20;

/**
 * Looks at the parts of a batch, which are found by their keys: makes those that are missing, hands
 * on what the user asked for, and brings the batch on when all have ended.
 */
export async function advanceParts(
  dependencies: Dependencies,
  parent: BatchIn<'split'>,
): Promise<void> {
  const { batchId, input } = parent;
  const haveEnded = await pMap(
    input.parts,
    (slice, index) => advancePart(dependencies, parent, { number: index + 1, slice }),
    { concurrency: TEND_PARTS_CONCURRENCY },
  );
  const event = { type: haveEnded.every(Boolean) ? 'partsEnded' : 'due' } as const;
  await transition(dependencies, batchId, event, parent);
}

/** @returns whether nothing more comes of the part */
async function advancePart(
  dependencies: Dependencies,
  parent: BatchIn<'split'>,
  { number, slice }: { readonly number: number; readonly slice: Slice },
): Promise<boolean> {
  const { batches, chance, clock } = dependencies;
  const id = partId(parent.batchId, number);
  const part = await batches.get(id);
  if (!part) {
    if (parent.cancelRequested) return true;
    const keyPrefix = newKeyPrefix((max) => chance.randomInt(max));
    await batches.create(newPart(parent, { number, slice, keyPrefix }, clock.now()));
    return false;
  }
  if (parent.cancelRequested && !isEnded(part.status)) {
    await transition(
      dependencies,
      id,
      { type: 'cancelRequested', messageId: `${id}-cancel` },
      part,
    );
    return false;
  }
  if (!parent.cancelRequested && needsRetry(part, parent)) {
    const messageId = partRetryId(parent);
    const { deadlineAt } = parent;
    await transition(dependencies, id, { type: 'retryRequested', messageId, deadlineAt }, part);
    return false;
  }
  return isEnded(part.status);
}
