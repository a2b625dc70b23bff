import { messageOf } from '../../batch/errors.ts';
import { submissionKey } from '../../batch/ids.ts';
import { requestsToSend } from '../../batch/ledger.ts';
import { pages } from '../../batch/ports.ts';
import { METRICS } from '../../metrics.ts';
import type { ListedJob } from '../../providers/provider.ts';
import type { Dependencies } from '../dependencies.ts';
import { logFields } from '../logFields.ts';
import { transition } from '../transition.ts';
import { type RecordJobPorts, recordJob } from '../work/submit.ts';
import type { ClaimedSubmission, SweepRun } from './run.ts';

type ListPorts = Pick<Dependencies, 'providers' | 'batches' | 'policy' | 'log'>;
type ReconcilePorts = RecordJobPorts & ListPorts;

/**
 * Resolves submissions to one provider whose workers did not report back: a job under the
 * submission key is adopted. That there is none is believed only if a complete listing, begun after
 * the lease had expired, contains no such job and no job with a hidden key that could be it. A
 * listing that failed still shows the jobs that it found. One listing serves all of the provider's
 * batches.
 */
export async function reconcile(
  ports: ReconcilePorts,
  run: SweepRun,
  provider: string,
): Promise<void> {
  const unresolved = run.unresolved.filter((batch) => batch.provider === provider);
  if (unresolved.length === 0) return;
  const listing = await list(ports, provider, unresolved);
  for (const batch of unresolved)
    await run.safely(logFields(batch), () => resolveClaim(ports, batch, listing));
}

interface JobListing {
  /** Whether it was read to its end. Otherwise a job that it does not show may exist all the same. */
  readonly isComplete: boolean;
  readonly byKey: ReadonlyMap<string, readonly ListedJob[]>;
  /** Jobs that show their keys only after their end, without those that records name. */
  readonly hidden: readonly ListedJob[];
}

async function list(
  ports: ListPorts,
  name: string,
  unresolved: readonly ClaimedSubmission[],
): Promise<JobListing> {
  const { providers, policy, log } = ports;
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
    return { isComplete: true, byKey, hidden: await withoutNamed(ports, name, hidden) };
  } catch (error) {
    log.warn('job listing failed; the next sweep repeats it', {
      provider: name,
      batchIds: unresolved.map((batch) => batch.batchId).slice(0, 20),
      error: messageOf(error),
    });
    return { isComplete: false, byKey, hidden };
  }
}

/** A record that the index does not show yet delays its batch by one sweep, and nothing more. */
async function withoutNamed(
  { batches }: Pick<ListPorts, 'batches'>,
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
  ports: ReconcilePorts,
  batch: ClaimedSubmission,
  { isComplete, byKey, hidden }: JobListing,
): Promise<void> {
  const { log, metrics, policy } = ports;
  const { batchId, provider, submission, claim } = batch;
  const oldestFirst = (byKey.get(submissionKey(batch)) ?? []).toReversed();
  if (oldestFirst.length === 0) {
    if (!isComplete) return;
    const intendedAt = claim.intentAt - policy.adoptionWindowSeconds * 1000;
    const candidates = hidden.filter(
      (job) => job.hiddenRequests === requestsToSend(batch) && job.createdAt >= intendedAt,
    );
    if (candidates.length > 0) {
      const fields = { ...logFields(batch), jobIds: candidates.map((job) => job.id) };
      return log.warn('a job with a hidden key may be its own; waiting for its end', fields);
    }
    await transition(ports, batchId, { type: 'jobAbsent', token: claim.token });
    return;
  }
  log.warn('job adopted', { ...logFields(batch), jobIds: oldestFirst.map((job) => job.id) });
  metrics.count(METRICS.adopted, 1, provider);
  // The record comes to name the oldest job. Others are cancelled, because it names that one.
  for (const job of oldestFirst)
    await recordJob(ports, batch, { id: job.id, submission, submittedAt: job.createdAt });
}
