import type { JobState } from '../../batch/job.ts';
import type { RunningFacts } from '../../batch/lifecycle/jobProgress.ts';
import type { SweepCursors } from '../../batch/ports.ts';
import { readActive } from '../activeBatches.ts';
import type { Dependencies } from '../dependencies.ts';
import { attributed } from '../logFields.ts';
import { type CheckPorts, check, checkByIndex, isCheckable } from './check.ts';
import { listStates } from './jobStates.ts';
import { type FoundBatch, inLanes, RECORDS_PER_READ, readRecords } from './lanes.ts';
import type { SweepRun } from './run.ts';

type RunningPorts = CheckPorts & Pick<Dependencies, 'batches' | 'policy' | 'log'>;

/** A batch whose job runs, as the index shows it: thousands of records would not fit into memory. */
export interface RunningHint {
  readonly batchId: string;
  readonly jobId: string;
  /** What a check needs to know as long as the job runs. Absent: it begins with the record. */
  readonly facts?: RunningFacts | undefined;
}

/** The batches whose jobs run at a provider and are this sweep's to check, in the order of their ids. */
export async function listRunning(
  ports: Pick<Dependencies, 'batches'>,
  run: SweepRun,
  provider: string,
): Promise<readonly RunningHint[]> {
  const running: RunningHint[] = [];
  const { partitions } = ports.batches;
  await readActive(ports, provider, run.scope.checked, (page, partition) => {
    if (page.length > 0 && partition >= partitions.active) run.mayHaveStrays = true;
    for (const { batchId, jobId, isOver, running: facts } of page)
      if (jobId !== undefined && !isOver) running.push({ batchId, jobId, facts });
  });
  return running.sort((a, b) => (a.batchId < b.batchId ? -1 : 1));
}

const CURSOR_PREFIX = 'running#';

/** The batch at which the last sweep stopped checking a provider's jobs, if it did not reach all. */
export function resumeAt(cursors: SweepCursors, provider: string): string | undefined {
  return cursors[CURSOR_PREFIX + provider];
}

/**
 * Checks the running jobs of one provider, so many at a time. Once the provider's share of the sweep
 * is used up, the state of the others is unknown, so that their deadlines and cancels hold all the
 * same. The next sweep begins with the first of them: every job is reached in turn, however slow the
 * provider is.
 */
export async function checkRunning(
  ports: RunningPorts,
  run: SweepRun,
  provider: string,
  {
    running,
    lanes,
    cursor,
  }: {
    readonly running: readonly RunningHint[];
    readonly lanes: number;
    /** The batch at which the last sweep stopped, if it did not reach all. */
    readonly cursor: string | undefined;
  },
): Promise<void> {
  if (running.length === 0) return;
  const first = running.findIndex(({ batchId }) => cursor !== undefined && batchId >= cursor);
  const inTurn = [...running.slice(Math.max(0, first)), ...running.slice(0, Math.max(0, first))];
  let listing: Promise<ReadonlyMap<string, JobState>> | undefined;
  const runningJobs = () => {
    listing ??= listStates(ports, provider, running);
    return listing;
  };
  const { refusesCalls, onBlocked, accepted } = run;
  const isShareSpent = () => run.shareOf(provider).isSpent();
  const shared = { refusesCalls, onBlocked, accepted, isShareSpent, runningJobs };
  const found = inPages(ports, run, provider, inTurn);
  await inLanes(found, lanes, ({ batchId, jobId, facts, record }) =>
    run.safely({ batchId }, async () => {
      if (facts) return checkByIndex(ports, shared, { batchId, provider, jobId }, facts);
      const batch = record ?? (await ports.batches.get(batchId));
      // The index may be stale: another function may have moved it on.
      if (!isCheckable(batch, provider, ports.clock.now())) return;
      try {
        await check(ports, shared, batch);
      } catch (error) {
        throw attributed(error, batch);
      }
    }),
  );
}

type FoundJob = RunningHint & Pick<FoundBatch, 'record'>;

/** Reads the records of the next page while the jobs of one are checked: two pages are in memory. */
async function* inPages(
  ports: RunningPorts,
  run: SweepRun,
  provider: string,
  running: readonly RunningHint[],
): AsyncGenerator<FoundJob> {
  const cursorName = CURSOR_PREFIX + provider;
  const isShareSpent = () => run.shareOf(provider).isSpent();
  const readFrom = (start: number) =>
    withRecords(ports, running.slice(start, start + RECORDS_PER_READ));
  let upcoming = readFrom(0);
  for (let start = 0; start < running.length; start += RECORDS_PER_READ) {
    const page = await upcoming;
    if (start + RECORDS_PER_READ < running.length) upcoming = readFrom(start + RECORDS_PER_READ);
    for (const found of page) {
      if (isShareSpent()) run.nextCursors[cursorName] ??= found.batchId;
      if (run.isOver()) {
        await upcoming;
        return;
      }
      yield found;
    }
  }
}

/** Reads the records of those that the index tells too little of. */
async function withRecords(
  ports: RunningPorts,
  hints: readonly RunningHint[],
): Promise<readonly FoundJob[]> {
  const ids = hints.filter(({ facts }) => !facts).map(({ batchId }) => batchId);
  const read = ids.length > 0 ? await readRecords(ports, ids) : [];
  const records = new Map(read.map(({ batchId, record }) => [batchId, record]));
  return hints.map((hint) => ({ ...hint, record: records.get(hint.batchId) }));
}
