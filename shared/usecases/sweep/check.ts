import type { Batch } from '../../batch/batch.ts';
import { ProviderError } from '../../batch/errors.ts';
import type { JobState } from '../../batch/job.ts';
import { METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';
import { perform } from '../perform.ts';
import { transition } from '../transition.ts';
import type { SweepRun } from './run.ts';

/** Asks the provider how a job stands. One that has not changed costs no write. */
export async function check(
  dependencies: Dependencies,
  run: SweepRun,
  batch: Batch,
): Promise<void> {
  const { log, metrics } = dependencies;
  const { batchId, provider, attempt } = batch;
  const jobId = batch.job?.id;
  if (jobId === undefined || (await run.isPaused(provider))) return;
  const job = await ask(dependencies, batch, jobId);
  if (!job) return;
  if (job.state === 'unknown') {
    log.warn('unknown job status: looked at again', { batchId, attempt, status: job.status });
    metrics.count(METRICS.unknownStatus, 1, provider);
  }
  if (job.state === 'missing') {
    log.warn('the provider does not know the job: looked at again', { batchId, attempt, jobId });
  }
  await transition(dependencies, batchId, { type: 'jobChecked', jobId, job }, batch);
}

/** Nothing if the provider gave no answer: the next sweep asks again. */
async function ask(
  dependencies: Dependencies,
  batch: Batch,
  jobId: string,
): Promise<JobState | undefined> {
  const { batchId, provider, attempt } = batch;
  try {
    return await (await dependencies.providers.get(provider)).check(jobId);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    const { kind, reason } = error;
    if (kind === 'missing') return { state: 'missing' };
    dependencies.log.warn('status check failed: looked at again', {
      batchId,
      attempt,
      kind,
      reason,
    });
    if (kind === 'account') {
      await perform(dependencies, batch, [{ type: 'holdProvider', kind, reason }]);
    }
    return undefined;
  }
}
