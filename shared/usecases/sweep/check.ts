import { messageOf, ProviderError, RefusedError } from '../../batch/errors.ts';
import { submissionKey } from '../../batch/ids.ts';
import type { JobState } from '../../batch/job.ts';
import { isUneventful, type RunningFacts } from '../../batch/lifecycle/jobProgress.ts';
import { pages } from '../../batch/pages.ts';
import { usualActive } from '../../batch/partitions.ts';
import type { Batch, BatchIn } from '../../batch/record.ts';
import type { ReportedJob } from '../../batch/webhook.ts';
import { METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';
import { perform } from '../effects.ts';
import { type BatchLogFields, logFields } from '../logFields.ts';
import { noteAccepted, providerRefusesCalls } from '../providerState.ts';
import { type TransitionPorts, transition } from '../transition.ts';
import type { SweepRun } from './run.ts';

export type CheckPorts = TransitionPorts & Pick<Dependencies, 'providers' | 'log' | 'metrics'>;

/** What the checks of one sweep share. */
type SharedChecks = Pick<SweepRun, 'refusesCalls' | 'onBlocked' | 'accepted'> & {
  /** Whether the provider is called no more in this sweep. */
  isShareSpent(): boolean;
  /** Running jobs by id, from one listing of the provider. */
  runningJobs(provider: string): Promise<ReadonlyMap<string, JobState>>;
};

/** A job, as the record of its batch or an index names it. */
interface CheckedJob extends BatchLogFields {
  readonly provider: string;
  readonly jobId: string;
}

/**
 * Reads the state of a batch's job and records it. An unchanged state costs no write. A state that
 * could not be read is unknown, and is recorded all the same: the maximum age of the batch, a user's
 * cancel and the completion window of the job hold whether or not the provider answers.
 */
export async function check(
  ports: CheckPorts,
  shared: SharedChecks,
  batch: BatchIn<'running'>,
): Promise<void> {
  const { provider, job } = batch;
  const seen = await look(ports, shared, { ...logFields(batch), provider, jobId: job.id });
  await recordState(ports, shared, batch, seen);
}

/**
 * Checks a job by what the index shows of its batch, and reads the record only if its state makes a
 * difference. The index may be stale, which is safe in both directions:
 * - It takes a job for eventful that is not any more: the decision is made on the record, which is read
 *   consistently and written under the condition that it has not changed.
 * - It takes a job for uneventful although its batch was cancelled or written otherwise: nothing is done, as
 *   if this sweep had come before that write. A later sweep sees the write in the index.
 *
 * @param facts about the same batch and job
 */
export async function checkByIndex(
  ports: CheckPorts,
  shared: SharedChecks,
  job: CheckedJob,
  facts: RunningFacts,
): Promise<void> {
  const { batches, providers, policy, clock } = ports;
  const seen = await look(ports, shared, job);
  const timing = providers.timing(job.provider, facts.completionWindow);
  if (isUneventful(facts, seen.job, timing, { policy, now: clock.now() })) {
    if (seen.bug !== undefined) throw seen.bug;
    return;
  }
  const batch = await batches.get(job.batchId);
  if (isCheckable(batch, job.provider, clock.now())) await recordState(ports, shared, batch, seen);
}

/** Whether the record of a batch that an index shows as running is to be checked at this provider. */
export function isCheckable(
  batch: Batch | undefined,
  provider: string,
  now: number,
): batch is BatchIn<'running'> {
  return batch?.status === 'running' && batch.provider === provider && batch.dueAt <= now;
}

/** What a look at a job has shown. */
interface Seen {
  readonly jobId: string;
  readonly job: JobState;
  /** An error that no provider should throw. It is thrown again once the state is recorded. */
  readonly bug?: unknown;
}

async function look(ports: CheckPorts, shared: SharedChecks, job: CheckedJob): Promise<Seen> {
  const { jobId } = job;
  try {
    return { jobId, job: await readState(ports, shared, job) };
  } catch (bug) {
    return { jobId, job: { state: 'unknown', status: messageOf(bug) }, bug };
  }
}

async function recordState(
  ports: CheckPorts,
  shared: SharedChecks,
  batch: BatchIn<'running'>,
  { jobId, job, bug }: Seen,
): Promise<void> {
  const timing = ports.providers.timing(batch.provider, batch.spec.completionWindow);
  const event = { type: 'jobChecked', jobId, job, timing } as const;
  const result = await transition(ports, batch.batchId, event, batch);
  if (result.type === 'changed' && isFirstAcceptance(batch, job)) shared.accepted.push(batch);
  if (bug !== undefined) throw bug;
}

/** Whether this check is the first to show that the provider accepted the job. */
function isFirstAcceptance({ job: known }: BatchIn<'running'>, job: JobState): boolean {
  if (known.acceptedAt !== undefined) return false;
  if (job.state === 'running') return !job.isPending;
  return job.state === 'ended' && job.outcome.refusal === undefined;
}

/** @returns `unknown` if the provider gave no answer that can be read. The next sweep asks again */
async function readState(
  ports: CheckPorts,
  shared: SharedChecks,
  checked: CheckedJob,
): Promise<JobState> {
  const { provider, jobId } = checked;
  if (await shared.refusesCalls(provider)) return PROVIDER_BLOCKED;
  const listed = (await shared.runningJobs(provider)).get(jobId);
  if (listed) return listed;
  // Another check may have been refused in the meantime.
  if (await shared.refusesCalls(provider)) return PROVIDER_BLOCKED;
  if (shared.isShareSpent()) return NOT_ASKED;
  try {
    const job = await (await ports.providers.get(provider)).check(jobId);
    noteOddState(ports, checked, job);
    return job;
  } catch (error) {
    if (!(error instanceof ProviderError || error instanceof RefusedError)) throw error;
    return stateAfter(ports, shared, checked, error);
  }
}

const PROVIDER_BLOCKED: JobState = { state: 'unknown', status: 'the provider is blocked' };
const NOT_ASKED: JobState = {
  state: 'unknown',
  status: 'the provider had no time left in a sweep',
};

function noteOddState({ log, metrics }: CheckPorts, checked: CheckedJob, job: JobState) {
  if (job.state === 'unknown') {
    const fields = { ...logFields(checked), status: job.status };
    log.warn('unknown job status; the next sweep checks it again', fields);
    metrics.count(METRICS.unknownStatus, 1, checked.provider);
  }
  if (job.state === 'missing') noteMissing(log, checked);
}

function noteMissing(log: Dependencies['log'], checked: CheckedJob): void {
  const fields = { ...logFields(checked), jobId: checked.jobId };
  log.warn('job not found at the provider; the next sweep checks it again', fields);
}

/** What a failed check says about the job. A RefusedError: the settings no longer have the entry. */
async function stateAfter(
  ports: CheckPorts,
  shared: SharedChecks,
  checked: CheckedJob,
  error: ProviderError | RefusedError,
): Promise<JobState> {
  const { reason } = error;
  const kind = error instanceof ProviderError ? error.kind : 'entry';
  if (kind === 'missing') {
    noteMissing(ports.log, checked);
    return { state: 'missing' };
  }
  const fields = { ...logFields(checked), kind, reason };
  ports.log.warn('status check failed; the next sweep checks it again', fields);
  if (kind === 'account') {
    const batch = await ports.batches.get(checked.batchId);
    if (batch) await perform(ports, batch, [{ type: 'blockProvider', reason }]);
    shared.onBlocked(checked.provider);
  }
  return { state: 'unknown', status: reason.message };
}

/** Pages of the index that one early check may read: some thousand jobs of one entry, or of a partition of it. */
const MAX_PAGES = 20;

/**
 * Checks one job now instead of in the next sweep, because its provider reports its end. The report
 * is a hint: the job is checked, decided on and written as in a sweep. So a report that is false,
 * late, repeated or comes during a sweep changes nothing, and a job without a report is left to the
 * sweep.
 *
 * @returns whether the job belongs to a batch that runs here
 */
export async function checkJob(
  ports: CheckPorts,
  { provider, ...job }: { readonly provider: string } & ReportedJob,
): Promise<boolean> {
  const { log, metrics } = ports;
  const batch = await findRunning(ports, provider, job);
  if (!batch) {
    log.info('early job check skipped; no running batch has this job', { provider, ...job });
    return false;
  }
  metrics.count(METRICS.earlyChecks, 1, provider);
  const accepted: BatchIn<'running'>[] = [];
  const shared = {
    refusesCalls: (name: string) => providerRefusesCalls(ports, name),
    onBlocked: () => {},
    isShareSpent: () => false,
    runningJobs: async () => new Map(),
    accepted,
  };
  await check(ports, shared, batch);
  if (accepted.length > 0) await noteAccepted(ports, provider, accepted);
  return true;
}

/** Reads the record of the batch, and whether this is the job that it runs. */
async function findRunning(
  ports: Pick<CheckPorts, 'batches'>,
  provider: string,
  job: ReportedJob,
): Promise<BatchIn<'running'> | undefined> {
  const batchId = 'jobId' in job ? await batchOfJob(ports, provider, job.jobId) : job.batchId;
  const batch = batchId === undefined ? undefined : await ports.batches.get(batchId);
  if (batch?.status !== 'running' || batch.provider !== provider) return undefined;
  const isItsJob =
    'jobId' in job ? batch.job.id === job.jobId : submissionKey(batch) === job.submissionKey;
  return isItsJob ? batch : undefined;
}

/** Finds the batch of a job in the index, which may be stale. */
async function batchOfJob(
  { batches }: Pick<CheckPorts, 'batches'>,
  provider: string,
  jobId: string,
): Promise<string | undefined> {
  const partitions = usualActive(batches);
  // Each partition has a page at least.
  let pagesLeft = MAX_PAGES + partitions.length - 1;
  for (const partition of partitions) {
    const list = (cursor?: string) => batches.listActive(provider, cursor, partition);
    for await (const page of pages(list)) {
      const hint = page.find((active) => active.jobId === jobId);
      if (hint) return hint.batchId;
      if (--pagesLeft === 0) return undefined;
    }
  }
  return undefined;
}
