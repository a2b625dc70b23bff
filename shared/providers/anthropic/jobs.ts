import type Anthropic from '@anthropic-ai/sdk';
import { answeredOf, type JobState, type Outcome } from '../../batch/job.ts';
import { lines } from '../../jsonl/lines.ts';
import { readOutputLine } from '../../jsonl/unreadable.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import { ignoring, undefinedIfMissing, unusableAnswer } from '../errors.ts';
import { PAGE_SIZE, readOptions } from '../http.ts';
import { isNewestFirst, ListEntries, listPages } from '../listing.ts';
import type { ListedJob, ListedState, ListingPosition } from '../provider.ts';
import { batchListSchema, listedBatchSchema, type WireBatch, wireBatchSchema } from './api.ts';
import { apiFailureOf, classify } from './errors.ts';
import { readWireId } from './requests.ts';
import { downloadResults } from './rows.ts';

const RUNNING: ReadonlySet<string> = new Set(['in_progress', 'canceling']);

/** The state of a job, by Anthropic's answer for its batch. */
export function jobStateOf(batch: WireBatch): JobState {
  const status = batch.processing_status;
  // Progress is unknown: the counts stay 0 until the end.
  if (RUNNING.has(status)) return { state: 'running' };
  if (status !== 'ended') return { state: 'unknown', status: status.slice(0, 100) };
  return { state: 'ended', outcome: outcomeOf(batch) };
}

function outcomeOf(batch: WireBatch): Outcome {
  const { id: jobId, archived_at: archivedAt } = batch;
  const kind = outcomeKindOf(batch);
  const answered = answeredOf(batch.request_counts?.succeeded);
  if (archivedAt == null) return omitUndefined({ kind, jobId, files: [jobId], answered });
  const message = `Anthropic archived the job's results at ${archivedAt}`;
  const reason = { code: 'results_archived', message };
  return omitUndefined({ kind, jobId, files: [], answered, reason });
}

/** The status `ended` does not say how a batch ended; its counts do. */
function outcomeKindOf({
  request_counts: counts,
  cancel_initiated_at: cancelledAt,
}: WireBatch): Outcome['kind'] {
  if (cancelledAt != null && (counts?.canceled ?? 0) > 0) return 'cancelled';
  return (counts?.expired ?? 0) > 0 ? 'expired' : 'completed';
}

/** The present state of a job. One that Anthropic does not know is `missing`, not an error. */
export async function check(client: Anthropic, jobId: string): Promise<JobState> {
  const batch = await undefinedIfMissing(classify, async () =>
    wireBatchSchema.parse(await client.messages.batches.retrieve(jobId, {}, readOptions())),
  );
  return batch === undefined ? { state: 'missing' } : jobStateOf(batch);
}

/** Asks Anthropic to end a job. */
export async function cancel(client: Anthropic, jobId: string): Promise<void> {
  try {
    await client.messages.batches.cancel(jobId, {}, readOptions());
  } catch (error) {
    const failure = classify(error, 'read');
    // 400 or 409: it has ended, or is ending already.
    const hasEnded = failure.kind === 'permanent' || apiFailureOf(error).status === 409;
    if (!hasEnded && failure.kind !== 'missing') throw failure;
  }
}

/**
 * Deletes an ended job with its requests and results. A job that does not exist counts as deleted,
 * and one that has not ended cannot be deleted (400): its results expire after 29 days.
 */
export function deleteFiles(client: Anthropic, jobId: string): Promise<void> {
  return ignoring(['missing', 'permanent'], classify, () =>
    client.messages.batches.delete(jobId, {}, readOptions()),
  );
}

const READ = 'Anthropic, read';

/** Pages back until a page, newest first, has reached past `since`, or there are no more pages. */
export async function* listJobs(
  client: Anthropic,
  keys: EndedKeys,
  since: number,
  position?: ListingPosition,
): AsyncGenerator<ListedJob> {
  const entries = new ListEntries(READ, position);
  for await (const { data } of jobPages(client, position)) {
    const page = entries.read(data, listedBatchSchema);
    for (const batch of page)
      if (!isBefore(batch, since)) {
        const job = await toListedJob(batch, keys, since);
        // Every job has requests: one that counts none yet may have any number.
        if (job.hiddenRequests === 0) entries.miss();
        yield job;
      }
    const times = page.map(({ created_at: createdAt }) => createdAt);
    if (page.some((batch) => isBefore(batch, since)) && isNewestFirst(times)) break;
  }
  entries.assertComplete();
}

/**
 * A listing contains whole batches, so one call shows the states of a page of jobs.
 *
 * @param after the job after which it begins. Default: at the newest
 */
export async function* listStates(client: Anthropic, after?: string): AsyncGenerator<ListedState> {
  const entries = new ListEntries(READ);
  const position = { cursor: after };
  for await (const { data } of jobPages(client, position, STATES_PAGE_SIZE))
    for (const batch of entries.read(data, wireBatchSchema))
      yield { jobId: batch.id, state: jobStateOf(batch) };
}

function isBefore({ created_at: createdAt }: WireBatch, since: number): boolean {
  return createdAt !== undefined && createdAt < since;
}

// https://platform.claude.com/docs/en/api/messages/batches/list: 1,000 is the largest page
const STATES_PAGE_SIZE = 1_000;

function jobPages(client: Anthropic, position: ListingPosition | undefined, limit = PAGE_SIZE) {
  return listPages(
    READ,
    (cursor) => readJobPage(client, limit, cursor),
    ({ data, has_more: hasMore }) => {
      if (!hasMore) return undefined;
      const last = wireBatchSchema.pick({ id: true }).safeParse(data.at(-1)).data;
      if (last) return last.id;
      throw unusableAnswer(READ, 'the list of jobs goes on after a job without an id');
    },
    position,
  );
}

async function readJobPage(client: Anthropic, limit: number, after: string | undefined) {
  try {
    const query = omitUndefined({ limit, after_id: after });
    // Not `batches.list`, which takes an answer without a list for an empty list.
    const answer: unknown = await client.get('/v1/messages/batches', { query, ...readOptions() });
    return batchListSchema.parse(answer);
  } catch (error) {
    throw classify(error, 'list');
  }
}

/**
 * Only the results of a job contain its key, and they exist once it has ended. A job whose results
 * should exist and cannot be read may be anybody's.
 */
async function toListedJob(batch: WireBatch, keys: EndedKeys, since: number): Promise<ListedJob> {
  const { id, created_at: createdAt = since, request_counts: counts } = batch;
  const hiddenRequests = Object.values(counts ?? {}).reduce((sum, count) => sum + count, 0);
  if (batch.processing_status !== 'ended') return { id, key: undefined, createdAt, hiddenRequests };
  if (batch.archived_at != null) return { id, key: undefined, createdAt };
  const owner = await keys.ownerOf(id);
  if (owner) return { id, key: owner.key, createdAt };
  if (counts) return { id, key: undefined, createdAt, hiddenRequests };
  throw unusableAnswer(READ, `the results of ${id} cannot be read, so it may be anybody's`);
}

/** Whose job it is: `key` is the submission key, or undefined for a job that is not ours. */
interface Owner {
  readonly key: string | undefined;
}

/** The owners of ended jobs, which never change. */
export interface EndedKeys {
  /** Undefined if it cannot be told: the results are not there, are empty, or cannot be read. */
  ownerOf(jobId: string): Promise<Owner | undefined>;
}

const MAX_CACHED_KEYS = 10_000;

/** Reads one line of a job's results, and only once per job: jobs are listed every minute. */
export function endedKeys(client: Anthropic): EndedKeys {
  const known = new Map<string, Owner>();
  return {
    async ownerOf(jobId) {
      const owner = known.get(jobId) ?? (await readOwner(client, jobId));
      if (known.size >= MAX_CACHED_KEYS) known.clear();
      if (owner) known.set(jobId, owner);
      return owner;
    },
  };
}

/**
 * The API answers 404 now and then for results that exist, so it proves nothing:
 * https://github.com/anthropics/anthropic-sdk-python/issues/1432
 */
function readOwner(client: Anthropic, jobId: string): Promise<Owner | undefined> {
  return undefinedIfMissing(classify, async () => {
    // Leaving the loop aborts the download.
    for await (const { bytes } of lines(downloadResults(client, jobId))) {
      const wireId = wireIdIn(bytes);
      if (wireId !== undefined) return { key: readWireId(wireId)?.key };
    }
    return undefined;
  });
}

/** Undefined for a row that cannot be read. */
function wireIdIn(bytes: Buffer): string | undefined {
  const line = readOutputLine(bytes);
  const id = line.holds === 'object' ? line.value.custom_id : undefined;
  return typeof id === 'string' ? id : undefined;
}
