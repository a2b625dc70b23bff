import type { Batch } from '../../batch/batch.ts';
import { messageOf } from '../../batch/errors.ts';
import { submissionKey } from '../../batch/identifiers.ts';
import { METRICS } from '../../metrics.ts';
import type { ListedJob } from '../../providers/provider.ts';
import type { Dependencies } from '../dependencies.ts';
import { transition } from '../transition.ts';
import { recordJob } from '../work/recordJob.ts';
import type { SweepRun } from './run.ts';

/**
 * Finds out what became of submissions whose worker did not come back. A job under the key is
 * adopted; that there is none is believed only of a complete listing, begun after the lease had
 * run out. One listing per provider serves all of its batches.
 */
export async function reconcile(dependencies: Dependencies, run: SweepRun): Promise<void> {
  const byProvider = Map.groupBy(run.unresolved, (batch) => batch.provider);
  for (const [provider, unresolved] of byProvider) {
    if (run.isOver()) return;
    const listed = await list(dependencies, provider, unresolved);
    if (!listed) continue;
    for (const batch of unresolved) {
      await run.safely(batch.batchId, () => settle(dependencies, batch, listed));
    }
  }
}

type Listing = ReadonlyMap<string, readonly ListedJob[]>;

/** The jobs by their keys; nothing if the listing failed, which tells nothing of any job. */
async function list(
  { providers, policy, log }: Dependencies,
  name: string,
  unresolved: readonly Batch[],
): Promise<Listing | undefined> {
  const intents = unresolved.map((batch) => batch.intentAt ?? batch.statusAt);
  const since = Math.min(...intents) - policy.adoptionWindowSeconds * 1000;
  const keys = new Set(unresolved.map(submissionKey));
  const jobs = new Map<string, ListedJob[]>();
  try {
    const provider = await providers.get(name);
    for await (const job of provider.listJobs(since)) {
      if (job.key === undefined || !keys.has(job.key)) continue;
      jobs.set(job.key, [...(jobs.get(job.key) ?? []), job]);
    }
    return jobs;
  } catch (error) {
    const batchIds = unresolved.map((batch) => batch.batchId).slice(0, 20);
    log.warn('jobs could not be listed: the next sweep tries again', {
      provider: name,
      batchIds,
      error: messageOf(error),
    });
    return undefined;
  }
}

async function settle(dependencies: Dependencies, batch: Batch, listed: Listing): Promise<void> {
  const { log, metrics } = dependencies;
  const { batchId, provider, submission, claim } = batch;
  const oldestFirst = (listed.get(submissionKey(batch)) ?? []).toReversed();
  if (oldestFirst.length === 0) {
    if (claim) await transition(dependencies, batchId, { type: 'jobAbsent', token: claim.token });
    return;
  }
  log.warn('a job is adopted', { batchId, jobIds: oldestFirst.map((job) => job.id) });
  metrics.count(METRICS.adopted, 1, provider);
  // The first is named by the record; any other is cancelled because the record names the first.
  for (const job of oldestFirst) {
    await recordJob(dependencies, batch, { id: job.id, submission, submittedAt: job.createdAt });
  }
}
