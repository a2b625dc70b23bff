import { messageOf, ProviderError } from '../batch/errors.ts';
import { submissionKey } from '../batch/ids.ts';
import type { BatchEvent } from '../batch/lifecycle/events.ts';
import type { Batch } from '../batch/record.ts';
import { isEnded } from '../batch/status.ts';
import type { Dependencies } from './dependencies.ts';
import { logFields } from './logFields.ts';
import { type BlockPorts, blockProvider, isProviderBlocked } from './providerState.ts';

export type DeleteFilesPorts = BlockPorts & Pick<Dependencies, 'providers' | 'policy' | 'log'>;

/**
 * Deletes files at the provider: those of the jobs that the record names for deletion and, once the
 * batch has ended, uploads that belong to no job. Stops at the first failure, and does nothing
 * while the provider is blocked; the record keeps naming what is left.
 *
 * @returns what was deleted; undefined if nothing was
 */
export async function deleteProviderFiles(
  ports: DeleteFilesPorts,
  batch: Batch,
): Promise<BatchEvent | undefined> {
  const { providers, policy, log } = ports;
  if (await isProviderBlocked(ports, batch.provider)) return undefined;
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

/**
 * The keys of all submissions up to the last one. Not every key with the batch's prefix, because a
 * user's retry may be uploading at this moment under a later key.
 */
function keysUpTo({ keyPrefix }: Batch, last: number): ReadonlySet<string> {
  const submissions = Array.from({ length: last }, (_, index) => index + 1);
  return new Set(submissions.map((submission) => submissionKey({ keyPrefix, submission })));
}
