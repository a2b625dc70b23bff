import type OpenAI from 'openai';
import { type ProviderError, type Reason, shortReason } from '../../batch/errors.ts';
import type { JobState, Outcome } from '../../batch/job.ts';
import { readOptions, unusableAnswer } from '../http.ts';
import type { ListedJob, ListedState } from '../provider.ts';
import {
  type BatchError,
  type BatchList,
  batchListSchema,
  fileNameSchema,
  type WireBatch,
  wireBatchSchema,
} from './api.ts';
import type { Dialect } from './dialect.ts';
import {
  ACCOUNT_CODES,
  apiFailureOf,
  classify,
  isQuota,
  isStoreFull,
  PERMANENT_CODES,
} from './errors.ts';
import { KEY_METADATA, keyOfUpload } from './submit.ts';

/** Azure writes some with capitals, and its examples `canceled`. */
const STATUSES: ReadonlyMap<string, 'pending' | 'running' | Outcome['kind']> = new Map([
  ['validating', 'pending'],
  ['inprogress', 'running'],
  ['finalizing', 'running'],
  ['cancelling', 'running'],
  ['canceling', 'running'],
  ['completed', 'completed'],
  ['expired', 'expired'],
  ['cancelled', 'cancelled'],
  ['canceled', 'cancelled'],
  ['failed', 'failed'],
]);

/** What OpenAI's answer for a batch says of the job. */
export function jobStateOf(batch: WireBatch): JobState {
  const kind = STATUSES.get(batch.status.toLowerCase().replaceAll('_', ''));
  switch (kind) {
    case undefined:
      return { state: 'unknown', status: batch.status.slice(0, 100) };
    case 'pending':
      return { state: 'running', isPending: true };
    case 'running':
      return { state: 'running', ...progressOf(batch) };
    default:
      return { state: 'ended', outcome: outcomeOf(batch, kind) };
  }
}

function progressOf({ request_counts: counts }: WireBatch): { progress?: number } {
  if (counts?.completed == null && counts?.failed == null) return {};
  return { progress: (counts.completed ?? 0) + (counts.failed ?? 0) };
}

function outcomeOf(batch: WireBatch, kind: Outcome['kind']): Outcome {
  const error = batch.errors?.data?.[0] ?? (kind === 'failed' ? {} : undefined);
  const refusal = kind === 'failed' && error !== undefined ? refusalOf(error) : undefined;
  return {
    kind,
    jobId: batch.id,
    // Azure gives an empty string where OpenAI gives null.
    files: [batch.output_file_id, batch.error_file_id].filter(
      (id) => id != null && id !== '',
    ) as string[],
    ...(error === undefined ? {} : { reason: reasonOf(error) }),
    ...(refusal === undefined ? {} : { refusal }),
  };
}

function reasonOf({ code, message, line }: BatchError): Reason {
  return shortReason(
    code ?? 'job_failed',
    message ?? 'OpenAI gave no message',
    line != null && line >= 1 ? Math.trunc(line) : undefined,
  );
}

/** An error that names neither the input nor the account is the server's own, and may pass. */
function refusalOf({ code, message, line }: BatchError): Outcome['refusal'] {
  const word = code ?? '';
  if (ACCOUNT_CODES.has(word) || isStoreFull(word, message ?? '')) return 'account';
  if (isQuota(word, message ?? '')) return 'quota';
  const isOfInput = PERMANENT_CODES.has(word) || word.startsWith('invalid_') || line != null;
  return isOfInput ? 'permanent' : undefined;
}

/** The present state of a job. One that OpenAI does not know is `missing`, not an error. */
export async function check(client: OpenAI, jobId: string): Promise<JobState> {
  try {
    const answer: unknown = await client.batches.retrieve(jobId, readOptions());
    return jobStateOf(wireBatchSchema.parse(answer));
  } catch (error) {
    const failure = classify(error, 'read');
    if (failure.kind === 'missing') return { state: 'missing' };
    throw failure;
  }
}

/** Asks OpenAI to end a job. */
export async function cancel(client: OpenAI, jobId: string): Promise<void> {
  try {
    await client.batches.cancel(jobId, readOptions());
  } catch (error) {
    const failure = classify(error, 'read');
    // 400 or 409: it has ended, or is ending already.
    const hasEnded = failure.kind === 'permanent' || apiFailureOf(error).status === 409;
    if (!hasEnded && failure.kind !== 'missing') throw failure;
  }
}

/** Times are cut to whole seconds. */
const SECOND_MS = 1000;

/**
 * Pages back until a page, newest first, has reached past `since`, or there is no more. Only OpenAI
 * documents that order: from a service with another one, everything is read.
 */
export async function* listJobs(
  client: OpenAI,
  since: number,
  { isTolerant }: Pick<Dialect, 'isTolerant'>,
): AsyncGenerator<ListedJob> {
  for await (const page of jobPages(client)) {
    for (const batch of page) {
      if (isBefore(batch, since)) continue;
      const key = batch.metadata?.[KEY_METADATA];
      yield {
        id: batch.id,
        key: key ?? (isTolerant ? await keyByFile(client, batch) : undefined),
        createdAt: batch.created_at * 1000,
      };
    }
    const oldest = page.at(-1);
    if (oldest && isBefore(oldest, since) && isNewestFirst(page)) return;
  }
}

function isBefore(batch: WireBatch, since: number): boolean {
  return batch.created_at * 1000 + SECOND_MS <= since;
}

function isNewestFirst(page: readonly WireBatch[]): boolean {
  return page.every((batch, index) => batch.created_at <= (page[index - 1] ?? batch).created_at);
}

/** For a service that does not give metadata back: our uploads bear the key in their name. */
async function keyByFile(client: OpenAI, batch: WireBatch): Promise<string | undefined> {
  if (batch.metadata != null || !batch.input_file_id) return undefined;
  try {
    const file: unknown = await client.files.retrieve(batch.input_file_id, readOptions());
    return keyOfUpload(fileNameSchema.parse(file).filename);
  } catch (error) {
    const failure = classify(error, 'read');
    // Deleted: of a job whose results are safe, and which nobody looks for.
    if (failure.kind === 'missing') return undefined;
    throw failure;
  }
}

/** A listing has the whole batches: what `check` is told of one, it tells of 100 in a call. */
export async function* listStates(client: OpenAI): AsyncGenerator<ListedState> {
  for await (const page of jobPages(client))
    for (const batch of page) yield { jobId: batch.id, state: jobStateOf(batch) };
}

// https://platform.openai.com/docs/api-reference/batch/list: the largest page
const PAGE_SIZE = 100;

/** The account's batches, a page a call, until there is no more or the caller stops. */
export async function* jobPages(client: OpenAI): AsyncGenerator<readonly WireBatch[]> {
  let start: Start = {};
  while (true) {
    const page = await readPage(client, start);
    yield page.data;
    const next = startAfter(page);
    if (next === undefined) return;
    if (placeOf(next) === '' || placeOf(next) === placeOf(start)) throw stuck(placeOf(next));
    start = next;
  }
}

/** Where a page begins: after a job, or where the page before has said. */
type Start = { readonly after?: string; readonly cursor?: string };

function startAfter(page: BatchList): Start | undefined {
  if ('has_more' in page) return page.has_more ? { after: page.data.at(-1)?.id ?? '' } : undefined;
  const { next_cursor: cursor } = page.paging;
  return cursor ? { cursor } : undefined;
}

function placeOf({ after, cursor = after }: Start): string {
  return cursor ?? '';
}

async function readPage(client: OpenAI, start: Start): Promise<BatchList> {
  try {
    const query = { limit: PAGE_SIZE, ...start };
    // Not `batches.list`: it takes an answer without a list for an empty one.
    return batchListSchema.parse(await client.get('/batches', { query, ...readOptions() }));
  } catch (error) {
    throw classify(error, 'read');
  }
}

// A gateway that ignores the cursor: an endless listing, or one that seems to end early.
function stuck(cursor: string): ProviderError {
  return unusableAnswer(
    'OpenAI, read',
    `the page of jobs after ${cursor || 'the start'} leads no further`,
  );
}
