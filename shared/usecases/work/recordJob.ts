import type { Batch } from '../../batch/batch.ts';
import { messageOf } from '../../batch/errors.ts';
import type { Job } from '../../batch/job.ts';
import { isSurplus } from '../../batch/surplus.ts';
import { METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';
import { transition } from '../transition.ts';

/** Names a job that exists in the record; one that the record does not want is cancelled. */
export async function recordJob(
  dependencies: Dependencies,
  { batchId, provider }: Batch,
  job: Job,
): Promise<void> {
  const { log, metrics, providers } = dependencies;
  const result = await transition(dependencies, batchId, { type: 'submitted', job });
  if (result.type !== 'ignored' || !isSurplus(result.batch, job.submission, job.id)) return;
  const fields = { jobId: job.id, submission: job.submission };
  log.error('a job exists that the record does not name: it is cancelled', fields);
  metrics.count(METRICS.surplus, 1, provider);
  try {
    await (await providers.get(provider)).cancel(job.id);
  } catch (error) {
    log.error('a surplus job could not be cancelled', { ...fields, error: messageOf(error) });
  }
}
