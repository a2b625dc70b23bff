import { ProviderError } from '../../batch/errors.ts';
import type { JobState } from '../../batch/job.ts';
import { pages } from '../../batch/ports.ts';
import type { Batch, BatchIn } from '../../batch/record.ts';
import { METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';
import { perform } from '../effects.ts';
import { withBatchContext } from '../logContext.ts';
import { isProviderBlocked, noteAccepted } from '../providerState.ts';
import { transition } from '../transition.ts';
import type { SweepRun } from './run.ts';

/** What one check knows of the others that are made with it, and tells them. */
export type Checks = Pick<SweepRun, 'isBlocked' | 'onBlocked' | 'runningJobs' | 'accepted'>;

/** Asks the provider how a job stands. One that has not changed costs no write. */
export async function check(
  dependencies: Dependencies,
  checks: Checks,
  batch: BatchIn<'running'>,
): Promise<void> {
  const { log, metrics } = dependencies;
  const { batchId, provider } = batch;
  const jobId = batch.job.id;
  if (await checks.isBlocked(provider)) return;
  const listed = (await checks.runningJobs(provider)).get(jobId);
  const job = listed ?? (await ask(dependencies, checks, batch, jobId));
  if (!job) return;
  if (job.state === 'unknown') {
    log.warn('unknown job status: looked at again', { status: job.status });
    metrics.count(METRICS.unknownStatus, 1, provider);
  }
  if (job.state === 'missing') {
    log.warn('the provider does not know the job: looked at again', { jobId });
  }
  const event = { type: 'jobChecked', jobId, job } as const;
  const result = await transition(dependencies, batchId, event, batch);
  if (result.type === 'changed' && isTakenOn(batch, job)) checks.accepted.push(batch);
}

/** Whether this check is the first to tell that the provider took the job on. */
function isTakenOn({ job: known }: BatchIn<'running'>, job: JobState): boolean {
  if (known.acceptedAt !== undefined) return false;
  if (job.state === 'running') return !job.isPending;
  return job.state === 'ended' && job.outcome.refusal === undefined;
}

/** Nothing if the provider gave no answer: the next sweep asks again. */
async function ask(
  dependencies: Dependencies,
  checks: Checks,
  batch: Batch,
  jobId: string,
): Promise<JobState | undefined> {
  const { provider } = batch;
  // Others may have been refused meanwhile.
  if (await checks.isBlocked(provider)) return undefined;
  try {
    return await (await dependencies.providers.get(provider)).check(jobId);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    const { kind, reason } = error;
    if (kind === 'missing') return { state: 'missing' };
    dependencies.log.warn('status check failed: looked at again', { kind, reason });
    if (kind === 'account') {
      await perform(dependencies, batch, [{ type: 'holdProvider', kind, reason }]);
      checks.onBlocked(provider);
    }
    return undefined;
  }
}

/** Of the index, so that one hint costs no more than this: as many thousand jobs at one entry. */
const MAX_PAGES = 20;

/**
 * Checks one job now instead of in the next sweep, because its provider is said to have ended it.
 * That is a hint: the job is asked about, and what follows is decided and written as in a sweep. So
 * a hint that is false, late, repeated, or comes while a sweep looks at the same job changes
 * nothing, and one that never comes leaves the job to the sweep.
 *
 * @returns whether the job is of a batch that runs here
 */
export async function checkJob(
  dependencies: Dependencies,
  { provider, jobId }: { readonly provider: string; readonly jobId: string },
): Promise<boolean> {
  const { log, metrics } = dependencies;
  const batch = await find(dependencies, provider, jobId);
  if (!batch) {
    log.info('a job that is said to have ended is of no batch that runs', { provider, jobId });
    return false;
  }
  metrics.count(METRICS.earlyChecks, 1, provider);
  const accepted: BatchIn<'running'>[] = [];
  const checks = {
    isBlocked: (name: string) => isProviderBlocked(dependencies, name),
    onBlocked: () => {},
    runningJobs: async () => new Map(),
    accepted,
  };
  await withBatchContext(batch, () => check(dependencies, checks, batch));
  if (accepted.length > 0) await noteAccepted(dependencies, provider, accepted);
  return true;
}

/** The record decides: the index may be behind. */
async function find(
  { batches }: Dependencies,
  provider: string,
  jobId: string,
): Promise<BatchIn<'running'> | undefined> {
  let pagesLeft = MAX_PAGES;
  for await (const page of pages((cursor) => batches.listActive(provider, cursor))) {
    const hint = page.find((active) => active.jobId === jobId);
    if (hint) {
      const batch = await batches.get(hint.batchId);
      if (batch?.status !== 'running' || batch.job.id !== jobId) return undefined;
      return batch.provider === provider ? batch : undefined;
    }
    if (--pagesLeft === 0) return undefined;
  }
  return undefined;
}
