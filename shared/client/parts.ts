import { sumCost } from '../batch/cost.ts';
import { type Failures, failuresOf, sumFailures } from '../batch/failures.ts';
import type { Slice } from '../batch/input.ts';
import { NO_USAGE, sumUsage, type Usage } from '../batch/job.ts';
import { type Counts, countsNow, countsOfNew } from '../batch/ledger.ts';
import { isPartOf, needsRetry, partId } from '../batch/newRecord.ts';
import type { BatchStore } from '../batch/ports.ts';
import type { Batch, BatchFields } from '../batch/record.ts';
import type { Status } from '../batch/status.ts';
import { MAX_KEYS } from './readBatches.ts';

/** Records that are read for one batch: a part may have been split, too, and its parts again. */
const MAX_RECORDS = 1_000;

/** The parts of a batch, and those of its parts, by the id of the batch that they belong to. */
export type PartsById = ReadonlyMap<string, readonly Batch[]>;

/** Whether the numbers of a batch are still those of its parts, which are merged in the end. */
export function runsInParts(batch: Batch): boolean {
  const { status, input }: BatchFields = batch;
  return status === 'split' || (status === 'collecting' && input?.parts !== undefined);
}

/**
 * Reads the parts of a batch that have a record, in order, and their own parts. Beyond 1,000 records,
 * parts that were split count as they were before.
 */
export async function readPartsById(
  batches: Pick<BatchStore, 'getMany'>,
  batch: Batch,
): Promise<PartsById> {
  const found = new Map<string, readonly Batch[]>();
  const parents = runsInParts(batch) ? [batch] : [];
  let room = MAX_RECORDS;
  for (let parent = parents.shift(); parent !== undefined; parent = parents.shift()) {
    room -= slicesOf(parent).length;
    if (room < 0) break;
    const parts = await readParts(batches, parent);
    found.set(parent.batchId, parts);
    parents.push(...parts.filter(runsInParts));
  }
  return found;
}

/**
 * Reads the parts of a batch that have a record, in order. Those that a first read leaves out have
 * none yet, or were left out under load.
 */
export async function readParts(
  batches: Pick<BatchStore, 'getMany'>,
  parent: Batch,
): Promise<readonly Batch[]> {
  const ids = slicesOf(parent).map((_, index) => partId(parent.batchId, index + 1));
  const records = new Map<string, Batch>();
  for (let start = 0; start < ids.length; start += MAX_KEYS) {
    const some = ids.slice(start, start + MAX_KEYS);
    for (const [id, record] of await batches.getMany(some)) records.set(id, record);
    const missing = some.filter((id) => !records.has(id));
    if (missing.length === 0) continue;
    for (const [id, record] of await batches.getMany(missing)) records.set(id, record);
  }
  return ids.flatMap((id) => {
    const part = records.get(id);
    return part && isPartOf(part, parent) ? [part] : [];
  });
}

function slicesOf(batch: Batch): readonly Slice[] {
  const { input }: BatchFields = batch;
  return input?.parts ?? [];
}

/** What the parts of a batch have come to. */
export interface PartsSum {
  readonly counts: Counts;
  readonly usage: Usage;
  /** USD. Undefined: the cost of one of them is not known. */
  readonly cost: number | undefined;
  /** The most attempts that one of them took, as the batch has it in the end. */
  readonly attempts: number;
  /** Requests that running jobs have finished, as far as providers say and it is recorded. */
  readonly finishedInJobs: number;
  /** Their requests that failed for good. */
  readonly failures?: Failures | undefined;
}

/** Sums up the parts of a batch. A part without a record has not begun. */
export function sumParts(parent: Batch, parts: PartsById): PartsSum {
  const own = parts.get(parent.batchId);
  if (!own) return numbersOf(parent);
  const byId = new Map(own.map((part) => [part.batchId, part]));
  const sums = slicesOf(parent).map(({ requests }, index): PartsSum => {
    const part = byId.get(partId(parent.batchId, index + 1));
    if (!part) return { ...NOTHING, counts: countsOfNew(requests) };
    const sum = sumParts(part, parts);
    return isAwaited(part, parent)
      ? { ...sum, counts: runAgain(sum.counts), failures: undefined }
      : sum;
  });
  return sums.reduce(added, NOTHING);
}

const NOTHING: PartsSum = {
  ...{ counts: countsOfNew(0), usage: NO_USAGE, cost: 0, attempts: 0, finishedInJobs: 0 },
};

/** Whether a part that has ended is to run again for a retry of its batch, which has not reached it. */
function isAwaited(part: Batch, parent: Batch): boolean {
  return parent.status === 'split' && needsRetry(part, parent);
}

function runAgain({ total, succeeded }: Counts): Counts {
  return { total, succeeded, failed: 0, unfinished: total - succeeded };
}

const HAS_JOB: ReadonlySet<Status> = new Set<Status>(['running', 'collecting']);

function numbersOf(batch: Batch): PartsSum {
  const { status, usage, cost, attempt, job }: BatchFields = batch;
  const finishedInJobs = HAS_JOB.has(status) ? (job?.progress ?? 0) : 0;
  const failures = failuresOf(batch);
  return { counts: countsNow(batch), usage, cost, attempts: attempt, finishedInJobs, failures };
}

function added(a: PartsSum, b: PartsSum): PartsSum {
  const sumOf = (key: keyof Counts) => a.counts[key] + b.counts[key];
  return {
    counts: {
      total: sumOf('total'),
      succeeded: sumOf('succeeded'),
      failed: sumOf('failed'),
      unfinished: sumOf('unfinished'),
    },
    usage: sumUsage(a.usage, b.usage),
    cost: sumCost(a.cost, b.cost),
    attempts: Math.max(a.attempts, b.attempts),
    finishedInJobs: a.finishedInJobs + b.finishedInJobs,
    failures: sumFailures(a.failures, b.failures),
  };
}
