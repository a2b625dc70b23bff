import { messageOf } from '../../batch/errors.ts';
import type { JobState } from '../../batch/job.ts';
import { pages } from '../../batch/pages.ts';
import type { SweepCursors } from '../../batch/ports.ts';
import type { Dependencies } from '../dependencies.ts';
import { attributed } from '../logFields.ts';
import { type CheckPorts, check } from './check.ts';
import { type FoundBatch, inLanes, readRecords } from './lanes.ts';
import type { SweepRun } from './run.ts';

type RunningPorts = CheckPorts & Pick<Dependencies, 'batches' | 'policy' | 'log'>;

/** A batch whose job runs, as the index shows it: thousands of records would not fit into memory. */
export interface RunningHint {
  readonly batchId: string;
  readonly jobId: string;
}

/** The batches whose jobs run at a provider, in the order of their ids. */
export async function listRunning(
  { batches }: Pick<Dependencies, 'batches'>,
  provider: string,
): Promise<readonly RunningHint[]> {
  const running: RunningHint[] = [];
  for await (const page of pages((cursor) => batches.listActive(provider, cursor)))
    for (const { batchId, jobId, isOver } of page)
      if (jobId !== undefined && !isOver) running.push({ batchId, jobId });
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
  const found = runningRecords(ports, run, provider, inTurn);
  await inLanes(found, lanes, ({ batchId, record }) =>
    run.safely({ batchId }, async () => {
      const batch = record ?? (await ports.batches.get(batchId));
      // The index may be stale: another function may have moved it on.
      if (batch?.status !== 'running' || batch.provider !== provider) return;
      if (batch.dueAt > ports.clock.now()) return;
      try {
        await check(ports, shared, batch);
      } catch (error) {
        throw attributed(error, batch);
      }
    }),
  );
}

/** Records read with one call. */
const RECORDS_PER_READ = 100;

/** Reads the records of the next page while those of one are checked: two pages are in memory. */
async function* runningRecords(
  ports: RunningPorts,
  run: SweepRun,
  provider: string,
  running: readonly RunningHint[],
): AsyncGenerator<FoundBatch> {
  const cursorName = CURSOR_PREFIX + provider;
  const isShareSpent = () => run.shareOf(provider).isSpent();
  const ids = running.map(({ batchId }) => batchId);
  const readFrom = (start: number) =>
    readRecords(ports, ids.slice(start, start + RECORDS_PER_READ));
  let upcoming = readFrom(0);
  for (let start = 0; start < ids.length; start += RECORDS_PER_READ) {
    const page = await upcoming;
    if (start + RECORDS_PER_READ < ids.length) upcoming = readFrom(start + RECORDS_PER_READ);
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

/** The listing may begin with so many jobs of others: a page of most providers. */
const MAX_FOREIGN_FIRST = 100;
/** After that it must have one job of ours in so many; otherwise single checks are as cheap. */
const MAX_FOREIGN_PER_OWN = 10;

/**
 * Lists a provider's running jobs, which takes a call per page instead of one per job. Only
 * `running` is taken from the listing: a job that it does not show, or shows as ended, is checked
 * by itself, because a service may list a job without all of its output.
 *
 * @returns the states of our running jobs by id. Empty if our jobs are few or the provider has no
 *   such listing; incomplete if the listing failed half way, or took too long
 */
async function listStates(
  { providers, policy, log }: RunningPorts,
  name: string,
  jobs: readonly RunningHint[],
): Promise<ReadonlyMap<string, JobState>> {
  const states = new Map<string, JobState>();
  if (jobs.length < policy.listFrom) return states;
  try {
    const provider = await providers.get(name);
    if (!provider.listStates) return states;
    const wanted = new Set(jobs.map(({ jobId }) => jobId));
    let listed = 0;
    let found = 0;
    for await (const { jobId, state } of provider.listStates()) {
      listed += 1;
      if (wanted.delete(jobId)) {
        found += 1;
        if (state.state === 'running') states.set(jobId, state);
      }
      const isRare = listed >= MAX_FOREIGN_FIRST + found * MAX_FOREIGN_PER_OWN;
      if (wanted.size === 0 || isRare) break;
    }
  } catch (error) {
    log.warn('job listing failed; jobs are checked one by one', {
      provider: name,
      error: messageOf(error),
    });
  }
  return states;
}
