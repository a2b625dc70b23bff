import { messageOf, ProviderError } from '../batch/errors.ts';
import { submissionKey } from '../batch/ids.ts';
import type { BatchEvent } from '../batch/lifecycle/events.ts';
import type { Batch } from '../batch/record.ts';
import { isEnded } from '../batch/status.ts';
import type { Dependencies } from './dependencies.ts';
import { holdProvider, isProviderBlocked } from './providerState.ts';

/**
 * Deletes at the provider the files of the jobs that the record names for it and, once the batch
 * has ended, uploads that became no job's. Stops at the first failure, and while the provider
 * refuses our account: the record goes on naming the rest.
 */
export async function deleteProviderFiles(
  dependencies: Dependencies,
  batch: Batch,
): Promise<BatchEvent | undefined> {
  const { providers, policy, log } = dependencies;
  const { createdAt } = batch;
  if (await isProviderBlocked(dependencies, batch.provider)) return undefined;
  const jobIds: string[] = [];
  let leftoversUpTo = 0;
  try {
    const provider = await providers.get(batch.provider);
    for (const jobId of batch.jobsToDelete) {
      await provider.deleteFiles(jobId);
      jobIds.push(jobId);
    }
    if (batch.leftovers !== undefined && isEnded(batch.status)) {
      const since = createdAt - policy.adoptionWindowSeconds * 1000;
      await provider.deleteLeftovers(keysUpTo(batch, batch.leftovers), since);
      leftoversUpTo = batch.leftovers;
    }
  } catch (error) {
    const left = batch.jobsToDelete.slice(jobIds.length);
    const fields = { jobIds: left, error: messageOf(error) };
    log.warn('files could not be deleted: tried again later', fields);
    if (error instanceof ProviderError && error.kind === 'account') {
      await holdProvider(dependencies, batch, { kind: 'account', reason: error.reason });
    }
  }
  const hasDone = jobIds.length > 0 || leftoversUpTo > 0;
  return hasDone ? { type: 'filesDeleted', jobIds, leftoversUpTo } : undefined;
}

/**
 * Not all that begin with the batch's prefix: a retry of the user may be uploading at this moment,
 * under a later key.
 */
function keysUpTo({ keyPrefix }: Batch, last: number): ReadonlySet<string> {
  const submissions = Array.from({ length: last }, (_, index) => index + 1);
  return new Set(submissions.map((submission) => submissionKey({ keyPrefix, submission })));
}
