import { messageOf, ProviderError, shortReason } from '../../batch/errors.ts';
import type { Job } from '../../batch/job.ts';
import type { BatchEvent } from '../../batch/lifecycle/events.ts';
import type { ScratchFile } from '../../batch/ports.ts';
import type { Batch, BatchFields } from '../../batch/record.ts';
import { isEnded } from '../../batch/status.ts';
import { selectRequests } from '../../jsonl/join.ts';
import { METRICS } from '../../metrics.ts';
import type { Provider } from '../../providers/provider.ts';
import type { Dependencies } from '../dependencies.ts';
import { transition } from '../transition.ts';
import { jobContext, rowSources, type Task } from './task.ts';

/** Sends the requests that have no end yet to the provider, as one job. */
export async function submit(
  dependencies: Dependencies,
  task: Task<'submitting'>,
): Promise<BatchEvent> {
  const { batch, token } = task;
  const file = await dependencies.scratch.create();
  try {
    const sources = rowSources(dependencies, task);
    const { requests } = await selectRequests(sources, batch.selection, file);
    if (requests === 0) {
      const reason = shortReason('nothing_to_submit', 'no request is left to submit');
      return { type: 'submitRefused', token, refusal: 'permanent', reason };
    }
    const provider = await dependencies.providers.get(batch.provider);
    return await create(dependencies, task, provider, { file, requests });
  } catch (error) {
    return refusalOf(error, token);
  } finally {
    await file.remove();
  }
}

/** From here on a job may exist: whatever is not a definite answer leaves that open. */
async function create(
  { clock, policy }: Dependencies,
  { batch, token }: Task<'submitting'>,
  provider: Provider,
  selected: { readonly file: ScratchFile; readonly requests: number },
): Promise<BatchEvent> {
  try {
    const { jobId } = await provider.submit({
      ...jobContext(batch),
      ...selected,
      completionWindow: batch.spec.completionWindow,
      createDeadlineMs: policy.createDeadlineSeconds * 1000,
    });
    const job = { id: jobId, submission: batch.submission, submittedAt: clock.now() };
    return { type: 'submitted', job };
  } catch (error) {
    if (error instanceof ProviderError) throw error;
    const reason = shortReason('submit_uncertain', messageOf(error));
    return { type: 'submitUncertain', token, reason };
  }
}

function refusalOf(error: unknown, token: string): BatchEvent {
  if (!(error instanceof ProviderError)) throw error;
  const { kind, reason } = error;
  switch (kind) {
    case 'quota':
    case 'account':
    case 'permanent':
      return { type: 'submitRefused', token, refusal: kind, reason };
    case 'uncertain':
      return { type: 'submitUncertain', token, reason };
    case 'transient':
    case 'missing':
      return { type: 'workFailed', token, reason };
  }
}

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

/**
 * Whether a job that exists under one of the batch's keys is one too many. Only if the record
 * says so: it names another job for the same key, the key has been given up with a job known
 * dead, or the batch has ended without it.
 */
export function isSurplus(batch: Batch, submission: number, jobId: string): boolean {
  const { job, outcome }: BatchFields = batch;
  if (job?.id === jobId || outcome?.jobId === jobId) return false;
  if (submission < batch.submission) return true;
  return job?.submission === submission || isEnded(batch.status);
}
