import type Anthropic from '@anthropic-ai/sdk';
import { ProviderError } from '../../batch/errors.ts';
import type { JobState, Outcome } from '../../batch/job.ts';
import { lines } from '../../jsonl/lines.ts';
import { readOptions, unusableAnswer } from '../http.ts';
import type { ListedJob } from '../provider.ts';
import { batchListSchema, resultSchema, type WireBatch, wireBatchSchema } from './api.ts';
import { apiFailureOf, classify } from './errors.ts';
import { readWireId } from './requests.ts';
import { downloadResults } from './rows.ts';

const RUNNING: ReadonlySet<string> = new Set(['in_progress', 'canceling']);

/** What Anthropic's answer for a batch says of the job. */
export function jobStateOf(batch: WireBatch): JobState {
  const status = batch.processing_status;
  // No progress is told: the counts stay 0 until the end.
  if (RUNNING.has(status)) return { state: 'running' };
  if (status !== 'ended') return { state: 'unknown', status: status.slice(0, 100) };
  return { state: 'ended', outcome: outcomeOf(batch) };
}

function outcomeOf(batch: WireBatch): Outcome {
  const { id: jobId, archived_at: archivedAt } = batch;
  const kind = kindOf(batch);
  if (archivedAt == null) return { kind, jobId, files: [jobId] };
  const message = `Anthropic archived the job's results at ${archivedAt}`;
  return { kind, jobId, files: [], reason: { code: 'results_archived', message } };
}

/** `ended` says nothing of success. */
function kindOf({ request_counts: counts, cancel_initiated_at: cancelledAt }: WireBatch) {
  if (cancelledAt != null && counts.canceled > 0) return 'cancelled';
  return counts.expired > 0 ? 'expired' : 'completed';
}

/** The present state of a job. One that Anthropic does not know is `missing`, not an error. */
export async function check(client: Anthropic, jobId: string): Promise<JobState> {
  try {
    const answer: unknown = await client.messages.batches.retrieve(jobId, {}, readOptions());
    return jobStateOf(wireBatchSchema.parse(answer));
  } catch (error) {
    const failure = classify(error, 'read');
    if (failure.kind === 'missing') return { state: 'missing' };
    throw failure;
  }
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
 * Deletes an ended job, and its requests and results with it. One that is not there needs no
 * deleting, and one that has not ended (400) cannot be deleted: its results expire after 29 days.
 */
export async function deleteFiles(client: Anthropic, jobId: string): Promise<void> {
  try {
    await client.messages.batches.delete(jobId, {}, readOptions());
  } catch (error) {
    const failure = classify(error, 'read');
    if (failure.kind !== 'missing' && failure.kind !== 'permanent') throw failure;
  }
}

// https://platform.claude.com/docs/en/api/messages/batches/list: the largest page is 1,000
const PAGE_SIZE = 100;

/** Pages back, newest first, until a job is older than `since` or there is none. */
export async function* listJobs(
  client: Anthropic,
  keys: EndedKeys,
  since: number,
): AsyncGenerator<ListedJob> {
  let after: string | undefined;
  while (true) {
    const page = await readPage(client, after);
    for (const batch of page.data) {
      if (batch.created_at < since) return;
      yield await toListedJob(batch, keys);
    }
    if (!page.has_more) return;
    const last = page.data.at(-1)?.id;
    if (last === undefined || last === after) throw stuck(last);
    after = last;
  }
}

async function readPage(client: Anthropic, after: string | undefined) {
  try {
    const query =
      after === undefined ? { limit: PAGE_SIZE } : { limit: PAGE_SIZE, after_id: after };
    // Not `batches.list`: it takes an answer without a list for an empty one.
    const answer: unknown = await client.get('/v1/messages/batches', { query, ...readOptions() });
    return batchListSchema.parse(answer);
  } catch (error) {
    throw classify(error, 'read');
  }
}

// A gateway that ignores the cursor: an endless listing, or one that seems to end early.
function stuck(cursor: string | undefined): ProviderError {
  return unusableAnswer(
    'Anthropic, read',
    `the page of jobs after ${cursor ?? 'the start'} leads no further`,
  );
}

/** A job shows whose it is in its results only, and those exist when it has ended. */
async function toListedJob(batch: WireBatch, keys: EndedKeys): Promise<ListedJob> {
  const { id, created_at: createdAt, request_counts: counts } = batch;
  if (batch.processing_status !== 'ended') {
    const hiddenRequests = Object.values(counts).reduce((sum, count) => sum + count, 0);
    return { id, key: undefined, createdAt, hiddenRequests };
  }
  const key = batch.archived_at == null ? await keys.keyOf(id) : undefined;
  return { id, key, createdAt };
}

/** Of an ended job, which never changes. */
export interface EndedKeys {
  /** The submission key in its results; undefined if they are gone, or not ours. */
  keyOf(jobId: string): Promise<string | undefined>;
}

const MAX_KNOWN = 10_000;

/** Reads one line of a job's results, once per job: listings come by every minute. */
export function endedKeys(client: Anthropic): EndedKeys {
  const known = new Map<string, string | undefined>();
  return {
    async keyOf(jobId) {
      if (known.has(jobId)) return known.get(jobId);
      const key = await readKey(client, jobId);
      if (known.size >= MAX_KNOWN) known.clear();
      known.set(jobId, key);
      return key;
    },
  };
}

async function readKey(client: Anthropic, jobId: string): Promise<string | undefined> {
  try {
    // Leaving the loop aborts the download.
    for await (const { bytes } of lines(downloadResults(client, jobId)))
      return readWireId(customIdOf(bytes))?.key;
    return undefined;
  } catch (error) {
    // Results that expired, or whose job was deleted.
    if (error instanceof ProviderError && error.kind === 'missing') return undefined;
    throw error;
  }
}

function customIdOf(bytes: Buffer): string {
  try {
    return resultSchema.pick({ custom_id: true }).parse(JSON.parse(bytes.toString())).custom_id;
  } catch {
    // The parser's own message would quote the row.
    throw unusableAnswer(
      'Anthropic, read',
      'the first row of the results is none of the Batches API',
    );
  }
}
