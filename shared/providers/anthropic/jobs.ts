import type Anthropic from '@anthropic-ai/sdk';
import type { JobState, Outcome } from '../../batch/job.ts';
import { lines } from '../../jsonl/lines.ts';
import { readOutputLine } from '../../jsonl/unreadable.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import { ignoring, stuckListing, undefinedIfMissing, unusableAnswer } from '../errors.ts';
import { PAGE_SIZE, readOptions } from '../http.ts';

import type { ListedJob } from '../provider.ts';
import { batchListSchema, type WireBatch, wireBatchSchema } from './api.ts';
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
  if (archivedAt == null) return { kind, jobId, files: [jobId] };
  const message = `Anthropic archived the job's results at ${archivedAt}`;
  return { kind, jobId, files: [], reason: { code: 'results_archived', message } };
}

/** The status `ended` does not say how a batch ended; its counts do. */
function outcomeKindOf({ request_counts: counts, cancel_initiated_at: cancelledAt }: WireBatch) {
  if (cancelledAt != null && counts.canceled > 0) return 'cancelled';
  return counts.expired > 0 ? 'expired' : 'completed';
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

/** Pages back, newest first, until a job is older than `since` or there are no more. */
export async function* listJobs(
  client: Anthropic,
  keys: EndedKeys,
  since: number,
): AsyncGenerator<ListedJob> {
  let after: string | undefined;
  while (true) {
    const page = await readJobPage(client, after);
    for (const batch of page.data) {
      if (batch.created_at < since) return;
      yield await toListedJob(batch, keys);
    }
    if (!page.has_more) return;
    const last = page.data.at(-1)?.id;
    if (last === undefined || last === after) throw stuckListing('Anthropic', last);
    after = last;
  }
}

async function readJobPage(client: Anthropic, after: string | undefined) {
  try {
    // https://platform.claude.com/docs/en/api/messages/batches/list: 1,000 is the largest page
    const query = omitUndefined({ limit: PAGE_SIZE, after_id: after });
    // Not `batches.list`, which takes an answer without a list for an empty list.
    const answer: unknown = await client.get('/v1/messages/batches', { query, ...readOptions() });
    return batchListSchema.parse(answer);
  } catch (error) {
    throw classify(error, 'list');
  }
}

/** Only the results of a job contain its key, and they exist once it has ended. */
async function toListedJob(batch: WireBatch, keys: EndedKeys): Promise<ListedJob> {
  const { id, created_at: createdAt, request_counts: counts } = batch;
  if (batch.processing_status !== 'ended') {
    const hiddenRequests = Object.values(counts).reduce((sum, count) => sum + count, 0);
    return { id, key: undefined, createdAt, hiddenRequests };
  }
  const key = batch.archived_at == null ? await keys.keyOf(id) : undefined;
  return { id, key, createdAt };
}

/** The submission keys of ended jobs, which never change. */
export interface EndedKeys {
  /** The key in a job's results; undefined if they are gone, or not ours. */
  keyOf(jobId: string): Promise<string | undefined>;
}

const MAX_CACHED_KEYS = 10_000;

/** Reads one line of a job's results, and only once per job: jobs are listed every minute. */
export function endedKeys(client: Anthropic): EndedKeys {
  const known = new Map<string, string | undefined>();
  return {
    async keyOf(jobId) {
      if (known.has(jobId)) return known.get(jobId);
      const key = await readKey(client, jobId);
      if (known.size >= MAX_CACHED_KEYS) known.clear();
      known.set(jobId, key);
      return key;
    },
  };
}

/** Undefined also for results that have expired or were deleted with their job. */
function readKey(client: Anthropic, jobId: string): Promise<string | undefined> {
  return undefinedIfMissing(classify, async () => {
    // Leaving the loop aborts the download.
    for await (const { bytes } of lines(downloadResults(client, jobId)))
      return readWireId(wireIdIn(bytes))?.key;
    return undefined;
  });
}

function wireIdIn(bytes: Buffer): string {
  const line = readOutputLine(bytes);
  const id = line.holds === 'object' ? line.value.custom_id : undefined;
  if (typeof id === 'string') return id;
  throw unusableAnswer(
    'Anthropic, read',
    'the first row of the results is none of the Batches API',
  );
}
