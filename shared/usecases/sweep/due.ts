import type { SweepCursors } from '../../batch/ports.ts';
import type { Batch, BatchFields } from '../../batch/record.ts';
import { isEnded } from '../../batch/status.ts';
import type { Dependencies } from '../dependencies.ts';
import { attributed } from '../logFields.ts';
import { advanceParts, stopIfOrphan } from '../parts.ts';
import { type TransitionPorts, transition } from '../transition.ts';
import { type FoundBatch, inLanes, RECORDS_PER_READ, readRecords } from './lanes.ts';
import type { SweepRun } from './run.ts';

type ReadPagePorts = Pick<Dependencies, 'batches' | 'log'>;
type DuePorts = TransitionPorts & ReadPagePorts;

/** Where a page starts in the `due` index. */
interface PagePosition {
  /** Its place among the partitions, in the order in which they are read. */
  readonly turn: number;
  readonly cursor: string | undefined;
}

interface DuePage {
  readonly due: readonly FoundBatch[];
  readonly next: PagePosition | undefined;
}

/**
 * Reads the due batches partition by partition, the oldest first. While the batches of one page are
 * processed the next page is read, so at most two pages of records are in memory. When the time for
 * due batches is over, it saves the page of the first batch that it has not yielded, and the next
 * sweep begins with that partition. So no batch is skipped, and every partition comes first in turn.
 */
async function* dueBatches(
  ports: DuePorts,
  run: SweepRun,
  cursors: SweepCursors,
): AsyncGenerator<FoundBatch> {
  const until = ports.clock.now();
  const partitions = inTurn(cursors, run.scope.due);
  const readFrom = (position: PagePosition) => readPage(ports, run, until, partitions, position);
  const save = ({ turn, cursor = '' }: PagePosition) => {
    // An empty cursor is the start of the partition.
    run.nextCursors[cursorName(partitions[turn] ?? 0)] = cursor;
  };
  let position: PagePosition | undefined = startOf(cursors, partitions);
  let upcoming = readFrom(position);
  try {
    while (position) {
      const { due, next }: DuePage = await upcoming;
      if (next) {
        upcoming = readFrom(next);
        // It is awaited later, or never if the time is over before.
        upcoming.catch(() => {});
      }
      for (const batch of due) {
        if (run.dueBudgetSpent()) return save(position);
        yield batch;
      }
      position = next;
      if (next && run.dueBudgetSpent()) return save(next);
    }
  } finally {
    await upcoming.catch(() => {});
  }
}

async function readPage(
  ports: ReadPagePorts,
  run: SweepRun,
  until: number,
  partitions: readonly number[],
  { turn, cursor }: PagePosition,
): Promise<DuePage> {
  const { dueStatuses } = run.scope;
  const partition = partitions[turn];
  if (partition === undefined) return { due: [], next: undefined };
  const page = await ports.batches.listDue(partition, until, cursor, dueStatuses);
  if (page.items.length > 0 && partition >= ports.batches.partitions.due) run.mayHaveStrays = true;
  const wanted = page.items.filter(({ status }) => dueStatuses.includes(status));
  const ids = wanted.map(({ batchId }) => batchId);
  const due: FoundBatch[] = [];
  for (let start = 0; start < ids.length; start += RECORDS_PER_READ)
    due.push(...(await readRecords(ports, ids.slice(start, start + RECORDS_PER_READ))));
  if (page.cursor !== undefined) return { due, next: { turn, cursor: page.cursor } };
  const isLast = turn === partitions.length - 1;
  return { due, next: isLast ? undefined : { turn: turn + 1, cursor: undefined } };
}

/** The partitions in the order in which they are read: first that in which the last sweep ran out of time. */
function inTurn(cursors: SweepCursors, partitions: readonly number[]): readonly number[] {
  const begun = partitions.findIndex((partition) => cursors[cursorName(partition)] !== undefined);
  const first = Math.max(0, begun);
  return [...partitions.slice(first), ...partitions.slice(0, first)];
}

function startOf(cursors: SweepCursors, [first = 0]: readonly number[]): PagePosition {
  return { turn: 0, cursor: cursors[cursorName(first)] || undefined };
}

function cursorName(partition: number): string {
  return `open#${partition}`;
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
