import { messageOf } from '../../batch/errors.ts';
import { submissionKey } from '../../batch/ids.ts';
import { requestsToSend } from '../../batch/ledger.ts';
import { pages } from '../../batch/ports.ts';
import { METRICS } from '../../metrics.ts';
import type { ListedJob } from '../../providers/provider.ts';
import type { Dependencies } from '../dependencies.ts';
import { withBatchContext } from '../logContext.ts';
import { logFields } from '../logFields.ts';
import { transition } from '../transition.ts';
import { recordJob } from '../work/submit.ts';
import type { ClaimedSubmission, SweepRun } from './run.ts';

/**
 * Finds out what became of submissions whose worker did not come back. A job under the key is
 * adopted; that there is none is believed only of a complete listing, begun after the lease had
 * run out, in which no job hides its key that could be the one. One listing per provider serves
 * all of its batches.
 */
export async function reconcile(dependencies: Dependencies, run: SweepRun): Promise<void> {
  const byProvider = Map.groupBy(run.unresolved, (batch) => batch.provider);
  for (const [provider, unresolved] of byProvider) {
    if (run.isOver()) return;
    const listed = await list(dependencies, provider, unresolved);
    if (!listed) continue;
    for (const batch of unresolved) {
      await run.safely(logFields(batch), () =>
        withBatchContext(batch, () => resolveClaim(dependencies, batch, listed)),
      );
    }
  }
}

interface Listing {
  readonly byKey: ReadonlyMap<string, readonly ListedJob[]>;
  /** Jobs that will show their keys when they have ended, less those that records name. */
  readonly hidden: readonly ListedJob[];
}

/** The jobs by their keys; nothing if the listing failed, which tells nothing of any job. */
async function list(
  dependencies: Dependencies,
  name: string,
  unresolved: readonly ClaimedSubmission[],
): Promise<Listing | undefined> {
  const { providers, policy, log } = dependencies;
  const intents = unresolved.map(({ claim }) => claim.intentAt);
  const since = Math.min(...intents) - policy.adoptionWindowSeconds * 1000;
  const keys = new Set(unresolved.map(submissionKey));
  const byKey = new Map<string, ListedJob[]>();
  const hidden: ListedJob[] = [];
  try {
    const provider = await providers.get(name);
    for await (const job of provider.listJobs(since)) {
      if (job.hiddenRequests !== undefined) hidden.push(job);
      if (job.key === undefined || !keys.has(job.key)) continue;
      byKey.set(job.key, [...(byKey.get(job.key) ?? []), job]);
    }
    return { byKey, hidden: await withoutNamed(dependencies, name, hidden) };
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

/** A record that the index does not show yet costs another sweep, no more. */
async function withoutNamed(
  { batches }: Dependencies,
  provider: string,
  hidden: readonly ListedJob[],
): Promise<readonly ListedJob[]> {
  if (hidden.length === 0) return hidden;
  const named = new Set<string | undefined>();
  for await (const page of pages((cursor) => batches.listActive(provider, cursor)))
    for (const { jobId } of page) named.add(jobId);
  return hidden.filter(({ id }) => !named.has(id));
}

async function resolveClaim(
  dependencies: Dependencies,
  batch: ClaimedSubmission,
  { byKey, hidden }: Listing,
): Promise<void> {
  const { log, metrics, policy } = dependencies;
  const { batchId, provider, submission, claim } = batch;
  const oldestFirst = (byKey.get(submissionKey(batch)) ?? []).toReversed();
  if (oldestFirst.length === 0) {
    const intendedAt = claim.intentAt - policy.adoptionWindowSeconds * 1000;
    const candidates = hidden.filter(
      (job) => job.hiddenRequests === requestsToSend(batch) && job.createdAt >= intendedAt,
    );
    if (candidates.length > 0) {
      const jobIds = candidates.map((job) => job.id);
      return log.warn('a job may be its own: it waits until that shows', { jobIds });
    }
    await transition(dependencies, batchId, { type: 'jobAbsent', token: claim.token });
    return;
  }
  log.warn('a job is adopted', { jobIds: oldestFirst.map((job) => job.id) });
  metrics.count(METRICS.adopted, 1, provider);
  // The first is named by the record; any other is cancelled because the record names the first.
  for (const job of oldestFirst) {
    await recordJob(dependencies, batch, { id: job.id, submission, submittedAt: job.createdAt });
  }
}
