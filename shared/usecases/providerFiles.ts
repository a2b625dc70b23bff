import { messageOf, ProviderError } from '../batch/errors.ts';
import { submissionKey } from '../batch/ids.ts';
import { UNCONFIRMED_JOB_CODE } from '../batch/ledger.ts';
import type { BatchEvent } from '../batch/lifecycle/events.ts';
import type { Batch, BatchFields } from '../batch/record.ts';
import { isEnded } from '../batch/status.ts';
import { METRICS } from '../metrics.ts';
import type { Provider } from '../providers/provider.ts';
import type { Dependencies } from './dependencies.ts';
import { logFields } from './logFields.ts';
import { type BlockPorts, blockProvider, providerRefusesCalls } from './providerState.ts';

export type DeleteFilesPorts = BlockPorts &
  Pick<Dependencies, 'providers' | 'policy' | 'log' | 'metrics'>;

/**
 * Deletes files at the provider: those of the jobs that the record names for deletion and, once the
 * batch has ended, uploads that belong to no job. Stops at the first failure, and does nothing
 * while the provider refuses every call; the record keeps naming what is left.
 *
 * @returns what was deleted; undefined if nothing was
 */
export async function deleteProviderFiles(
  ports: DeleteFilesPorts,
  batch: Batch,
): Promise<BatchEvent | undefined> {
  const { providers, policy, log } = ports;
  if (await providerRefusesCalls(ports, batch.provider)) return undefined;
  const jobIds: string[] = [];
  let leftoversUpTo = 0;
  try {
    const provider = await providers.get(batch.provider);
    for (const jobId of batch.jobsToDelete) {
      await provider.deleteFiles(jobId);
      jobIds.push(jobId);
    }
    if (batch.leftovers !== undefined && isEnded(batch.status)) {
      const since = batch.createdAt - policy.adoptionWindowSeconds * 1000;
      if (hasUnconfirmedJob(batch)) await cancelUnconfirmedJobs(ports, provider, batch, since);
      await provider.deleteLeftovers(keysUpTo(batch, batch.leftovers), since);
      leftoversUpTo = batch.leftovers;
    }
  } catch (error) {
    log.warn('file deletion failed; it will be retried', {
      ...logFields(batch),
      jobIds: batch.jobsToDelete.slice(jobIds.length),
      error: messageOf(error),
    });
    if (error instanceof ProviderError && error.kind === 'account')
      await blockProvider(ports, batch, error.reason);
  }
  const hasDeleted = jobIds.length > 0 || leftoversUpTo > 0;
  return hasDeleted ? { type: 'filesDeleted', jobIds, leftoversUpTo } : undefined;
}

function hasUnconfirmedJob({ reasons }: Batch): boolean {
  return reasons.some(({ code }) => code === UNCONFIRMED_JOB_CODE);
}

/**
 * Cancels a job that was never found while the batch went on, and that a listing shows now. Throws if
 * the listing cannot be read to its end, so that this is repeated with the deletion.
 */
async function cancelUnconfirmedJobs(
  { log, metrics }: DeleteFilesPorts,
  provider: Pick<Provider, 'listJobs' | 'cancel'>,
  batch: BatchFields,
  since: number,
): Promise<void> {
  const { pastJobs, job, leftovers = batch.submission } = batch;
  const named = new Set([...pastJobs.map(({ id }) => id), job?.id]);
  const key = submissionKey({ keyPrefix: batch.keyPrefix, submission: leftovers });
  for await (const { id, key: itsKey } of provider.listJobs(since)) {
    if (itsKey !== key || named.has(id)) continue;
    log.error('surplus job found; cancelling it', { ...logFields(batch), jobId: id });
    metrics.count(METRICS.surplus, 1, batch.provider);
    await provider.cancel(id);
  }
}

/**
 * The keys of all submissions up to the last one. Not every key with the batch's prefix, because a
 * user's retry may be uploading at this moment under a later key.
 */
function keysUpTo({ keyPrefix }: Batch, last: number): ReadonlySet<string> {
  const submissions = Array.from({ length: last }, (_, index) => index + 1);
  return new Set(submissions.map((submission) => submissionKey({ keyPrefix, submission })));
}
