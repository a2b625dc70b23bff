import * as z from 'zod';
import { messageOf } from '../../batch/errors.ts';
import { submissionKey } from '../../batch/ids.ts';
import { requestsToSend } from '../../batch/ledger.ts';
import type { EventOf } from '../../batch/lifecycle/events.ts';
import type { SweepCursors } from '../../batch/ports.ts';
import { tryParseJson } from '../../jsonl/rows.ts';
import { METRICS } from '../../metrics.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import type { ListedJob } from '../../providers/provider.ts';
import { readActive } from '../activeBatches.ts';
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
 * batches; one that is longer than the provider's share of a sweep goes on in the next.
 */
export async function reconcile(
  ports: ReconcilePorts,
  run: SweepRun,
  provider: string,
  cursors: SweepCursors,
): Promise<void> {
  const unresolved = run.unresolved.filter((batch) => batch.provider === provider);
  if (unresolved.length === 0) return;
  const listing =
    continued(cursors[CURSOR_PREFIX + provider], ports.clock.now()) ?? begun(ports, unresolved);
  const jobs = await list(ports, run, provider, { listing, unresolved });
  for (const batch of unresolved) {
    const proves = jobs.isComplete && coversClaim(listing, batch);
    await run.safely(logFields(batch), () => resolveClaim(ports, batch, { ...jobs, proves }));
  }
}

const CURSOR_PREFIX = 'listing#';
/** A listing that is older starts again: providers do not say how long their cursors last. */
const MAX_LISTING_AGE_MS = 3_600_000;
/** Batches that one listing is for. The others are the next one's turn. */
const MAX_KEYS = 1_000;
/** The lease's item holds all cursors, and DynamoDB takes 400 KB. */
const MAX_CURSORS_CHARACTERS = 300_000;

const jobSchema = z
  .object({
    id: z.string(),
    key: z.string().optional(),
    createdAt: z.number(),
    hiddenRequests: z.number().optional(),
  })
  .transform(({ key, ...job }): ListedJob => ({ key, ...omitUndefined(job) }));

/**
 * One continuous listing of a provider's jobs, over as many sweeps as it takes. What it shows of a
 * claim is as true as if it had been read at once: all jobs of the claim were there when it began.
 */
const listingSchema = z.object({
  /** Milliseconds since 1970. */
  startedAt: z.number(),
  /** It goes back to jobs of that time, in milliseconds since 1970. */
  since: z.number(),
  /** The submission keys that it looks for from its first page on. */
  keys: z.array(z.string()),
  position: z.object({ cursor: z.string().optional(), isIncomplete: z.boolean().optional() }),
  /** Jobs with one of the keys. */
  found: z.array(jobSchema),
  /** Jobs whose keys are hidden, with as many requests as one of the batches. */
  hidden: z.array(jobSchema),
});
type Listing = z.infer<typeof listingSchema>;

function begun(
  { policy, clock }: Pick<Dependencies, 'policy' | 'clock'>,
  unresolved: readonly ClaimedSubmission[],
): Listing {
  const batches = unresolved.slice(0, MAX_KEYS);
  const since =
    Math.min(...batches.map(({ claim }) => claim.intentAt)) - policy.adoptionWindowSeconds * 1000;
  const keys = batches.map(submissionKey);
  return { startedAt: clock.now(), since, keys, position: {}, found: [], hidden: [] };
}

/** @returns undefined if there is none, or it is too old */
function continued(saved: string | undefined, now: number): Listing | undefined {
  if (saved === undefined) return undefined;
  // Another version may have written it.
  const listing = listingSchema.safeParse(tryParseJson(saved)).data;
  return listing && now - listing.startedAt < MAX_LISTING_AGE_MS ? listing : undefined;
}

/** Whether the listing began after the claim's lease, and looked for its key on every page. */
function coversClaim({ keys, startedAt }: Listing, batch: ClaimedSubmission): boolean {
  return batch.claim.leaseUntil <= startedAt && keys.includes(submissionKey(batch));
}

/** The jobs that a listing has shown so far. */
interface ShownJobs {
  /** Whether it was read to its end. Otherwise a job that it does not show may exist all the same. */
  readonly isComplete: boolean;
  /** Why it was not, and whether the next sweep continues it. */
  readonly failure?: Pick<EventOf<'jobUnconfirmed'>, 'why' | 'isContinued'>;
  readonly byKey: ReadonlyMap<string, readonly ListedJob[]>;
  /** Jobs that show their keys only after their end, without those that records name. */
  readonly hidden: readonly ListedJob[];
}

async function list(
  ports: ReconcilePorts,
  run: SweepRun,
  name: string,
  {
    listing,
    unresolved,
  }: {
    readonly listing: Listing;
    readonly unresolved: readonly ClaimedSubmission[];
  },
): Promise<ShownJobs> {
  const keys = new Set([...listing.keys, ...unresolved.map(submissionKey)]);
  const sizes = new Set<number | undefined>(unresolved.map(requestsToSend));
  try {
    const provider = await ports.providers.get(name);
    for await (const job of provider.listJobs(listing.since, listing.position)) {
      if (job.hiddenRequests !== undefined && sizes.has(job.hiddenRequests))
        listing.hidden.push(job);
      if (job.key !== undefined && keys.has(job.key)) listing.found.push(job);
    }
    const hidden = await withoutNamed(ports, run, name, listing.hidden);
    return { isComplete: true, byKey: byKeyOf(listing), hidden };
  } catch (error) {
    const fields = {
      provider: name,
      batchIds: unresolved.map((batch) => batch.batchId).slice(0, 20),
      error: messageOf(error),
    };
    const isContinued = run.shareOf(name).isSpent() && keep(run, name, listing);
    if (isContinued) ports.log.info('job listing goes on in the next sweep', fields);
    else ports.log.warn('job listing failed; it is repeated after a backoff', fields);
    return {
      isComplete: false,
      byKey: byKeyOf(listing),
      hidden: listing.hidden,
      failure: { why: messageOf(error), isContinued },
    };
  }
}

/** Has the next sweep continue a listing. */
function keep({ nextCursors }: SweepRun, provider: string, listing: Listing): boolean {
  if (listing.position.cursor === undefined) return false;
  const saved = JSON.stringify(listing);
  if (saved.length + JSON.stringify(nextCursors).length > MAX_CURSORS_CHARACTERS) return false;
  nextCursors[CURSOR_PREFIX + provider] = saved;
  return true;
}

/** The page at which a listing was broken off is read again, so a job may have been found twice. */
function byKeyOf({ found }: Listing): ReadonlyMap<string, readonly ListedJob[]> {
  const once = new Map(found.map((job) => [job.id, job]));
  return Map.groupBy(once.values(), ({ key }) => key ?? '');
}

/** A record that the index does not show yet delays its batch by one sweep, and nothing more. */
async function withoutNamed(
  ports: Pick<ListPorts, 'batches'>,
  { scope }: SweepRun,
  provider: string,
  hidden: readonly ListedJob[],
): Promise<readonly ListedJob[]> {
  if (hidden.length === 0) return hidden;
  const named = new Set<string>();
  const ids = new Set(hidden.map(({ id }) => id));
  await readActive(ports, provider, scope.active, (page) => {
    for (const { jobId = '' } of page) if (ids.has(jobId)) named.add(jobId);
  });
  return hidden.filter(({ id }) => !named.has(id));
}

async function noteUnconfirmed(
  ports: ReconcilePorts,
  { batchId, claim }: ClaimedSubmission,
  failure: NonNullable<ShownJobs['failure']>,
): Promise<void> {
  await transition(ports, batchId, { type: 'jobUnconfirmed', token: claim.token, ...failure });
}

async function resolveClaim(
  ports: ReconcilePorts,
  batch: ClaimedSubmission,
  { proves, failure, byKey, hidden }: ShownJobs & { readonly proves: boolean },
): Promise<void> {
  const { log, metrics, policy } = ports;
  const { batchId, provider, submission, claim } = batch;
  const oldestFirst = (byKey.get(submissionKey(batch)) ?? []).toReversed();
  if (oldestFirst.length === 0) {
    if (failure !== undefined) return noteUnconfirmed(ports, batch, failure);
    if (!proves) return;
    const intendedAt = claim.intentAt - policy.adoptionWindowSeconds * 1000;
    const candidates = hidden.filter(
      (job) => job.hiddenRequests === requestsToSend(batch) && job.createdAt >= intendedAt,
    );
    if (candidates.length > 0) {
      const fields = { ...logFields(batch), jobIds: candidates.map((job) => job.id) };
      log.warn('a job with a hidden key may be its own; waiting for its end', fields);
      const why = `jobs that do not show their keys may be it: ${candidates
        .map(({ id }) => id)
        .slice(0, 5)
        .join(', ')}`;
      return noteUnconfirmed(ports, batch, { why, isContinued: false });
    }
    await transition(ports, batchId, { type: 'jobAbsent', token: claim.token });
    return;
  }
  log.warn('job adopted', { ...logFields(batch), jobIds: oldestFirst.map((job) => job.id) });
  metrics.count(METRICS.adopted, 1, provider);
  // The record comes to name the oldest job. Others are cancelled, because it names that one. The times
  // are the provider's: none is later than now.
  const now = ports.clock.now();
  for (const { id, createdAt } of oldestFirst)
    await recordJob(ports, batch, { id, submission, submittedAt: Math.min(createdAt, now) });
}
