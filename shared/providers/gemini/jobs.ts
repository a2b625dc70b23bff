import type * as z from 'zod';
import type { Reason } from '../../batch/errors.ts';
import type { JobState, Outcome } from '../../batch/job.ts';
import { type ListPage, listPages as listGooglePages } from '../google/rest.ts';
import { jobRefusalOf, reasonOf } from '../google/status.ts';
import { CLEAN_UP_DEADLINE_MS } from '../http.ts';
import type { ListedJob } from '../provider.ts';
import {
  batchListSchema,
  type Client,
  classify,
  fileListSchema,
  VERSION,
  type WireBatch,
  wireBatchSchema,
} from './api.ts';

/** The API says BATCH_STATE_…, its SDKs and their users JOB_STATE_…. */
const PREFIX = /^(BATCH|JOB)_STATE_/;

/** https://ai.google.dev/gemini-api/docs/batch-api#monitor-batch-job */
const RUNNING: ReadonlySet<string> = new Set(['RUNNING', 'CANCELLING', 'PAUSED', 'UPDATING']);
const PENDING: ReadonlySet<string> = new Set(['PENDING', 'QUEUED']);
const ENDED: Readonly<Record<string, Outcome['kind']>> = {
  SUCCEEDED: 'completed',
  // Some rows have failed: they say so themselves.
  PARTIALLY_SUCCEEDED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  // After 48 hours, and without results.
  EXPIRED: 'expired',
};

/** What the API's answer for a batch says of the job. */
export function jobStateOf(batch: WireBatch): JobState {
  const { state } = batch.metadata;
  const word = state.replace(PREFIX, '');
  if (PENDING.has(word)) return { state: 'running', isPending: true };
  if (RUNNING.has(word)) return { state: 'running', ...progressOf(batch) };
  const kind = Object.hasOwn(ENDED, word) ? ENDED[word] : undefined;
  if (kind === undefined) return { state: 'unknown', status: state.slice(0, 100) };
  return { state: 'ended', outcome: outcomeOf(batch, kind) };
}

function progressOf({ metadata: { batchStats: stats } }: WireBatch): { progress?: number } {
  const counts = [stats?.successfulRequestCount, stats?.failedRequestCount];
  if (counts.every((count) => count == null)) return {};
  return { progress: counts.reduce<number>((sum, count) => sum + (count ?? 0), 0) };
}

function outcomeOf(batch: WireBatch, kind: Outcome['kind']): Outcome {
  const refusal = kind === 'failed' ? jobRefusalOf(batch.error ?? {}) : undefined;
  const reason = whyOf(batch, kind);
  return {
    kind,
    jobId: batch.name,
    files: filesOf(batch),
    ...(reason === undefined ? {} : { reason }),
    ...(refusal === undefined ? {} : { refusal }),
  };
}

const EXPIRED: Reason = {
  code: 'batch_expired',
  message: 'Gemini ended the job, which was not done within 48 hours and has no results',
};

/** The error of a job that was cancelled says just that. */
function whyOf({ error }: WireBatch, kind: Outcome['kind']): Reason | undefined {
  if (kind === 'failed') return reasonOf(error ?? {}, 'Gemini');
  return kind === 'expired' ? EXPIRED : undefined;
}

/** The file of the results, or the job itself where they stand in it. */
function filesOf({ name, metadata, response }: WireBatch): string[] {
  const output = response ?? metadata.output;
  if (output?.responsesFile) return [output.responsesFile];
  return output?.inlinedResponses || output?.inlinedEmbedContentResponses ? [name] : [];
}

/** The present state of a job. One that the API does not know is `missing`, not an error. */
export async function check(client: Client, jobId: string): Promise<JobState> {
  const batch = await readBatch(client, jobId);
  return batch === undefined ? { state: 'missing' } : jobStateOf(batch);
}

/** Undefined for one that is not there. Throws ProviderError. */
export async function readBatch(
  { rest, url }: Client,
  jobId: string,
  signal?: AbortSignal,
): Promise<WireBatch | undefined> {
  try {
    const call = { method: 'GET', url: url(`/${VERSION}/${jobId}`) } as const;
    return wireBatchSchema.parse(await rest.read(call, signal));
  } catch (error) {
    const failure = classify(error, 'read');
    if (failure.kind === 'missing') return undefined;
    throw failure;
  }
}

/** Asks the API to end a job. */
export async function cancel({ rest, url }: Client, jobId: string): Promise<void> {
  try {
    await rest.done({ method: 'POST', url: url(`/${VERSION}/${jobId}:cancel`), json: {} });
  } catch (error) {
    const failure = classify(error, 'read');
    // A refusal: it has ended, or is ending already.
    if (failure.kind !== 'permanent' && failure.kind !== 'missing') throw failure;
  }
}

/** Jobs since then, by their display names. An account has few: those that ended are deleted. */
export async function* listJobs(client: Client, since: number): AsyncGenerator<ListedJob> {
  for await (const { operations } of listPages(client, 'batches', batchListSchema))
    for (const { name, metadata } of operations)
      if (metadata.createTime >= since)
        yield {
          id: name,
          key: metadata.displayName ?? undefined,
          createdAt: metadata.createTime,
        };
}

/** The largest page of files: https://ai.google.dev/api/files#method:-files.list */
const PAGE_SIZE = 100;

/**
 * The pages of a listing, to its end: the API promises no order.
 *
 * @throws ProviderError
 */
export function listPages<Found extends ListPage>(
  { rest, url }: Client,
  collection: 'batches' | 'files',
  schema: z.ZodType<Found>,
  signal?: AbortSignal,
): AsyncGenerator<Found> {
  return listGooglePages(`Gemini, read ${collection}`, (token) => {
    const query = new URLSearchParams({ pageSize: String(PAGE_SIZE) });
    if (token !== undefined) query.set('pageToken', token);
    const call = { method: 'GET', url: url(`/${VERSION}/${collection}?${query}`) } as const;
    return parsed(rest.read(call, signal), schema);
  });
}

async function parsed<Page>(answer: Promise<unknown>, schema: z.ZodType<Page>): Promise<Page> {
  try {
    return schema.parse(await answer);
  } catch (error) {
    throw classify(error, 'read');
  }
}

/** Uploads come before their job, whose times are of another clock than ours. */
const UPLOAD_LEAD_MS = 24 * 60 * 60 * 1000;

/** Deletes what a job read and wrote, then its record. What is not there needs no deleting. */
export async function deleteFiles(client: Client, jobId: string): Promise<void> {
  const signal = AbortSignal.timeout(CLEAN_UP_DEADLINE_MS);
  const batch = await readBatch(client, jobId, signal);
  if (batch === undefined) return;
  const { displayName, inputConfig, output, createTime } = batch.metadata;
  if (inputConfig?.fileName) await remove(client, inputConfig.fileName, signal);
  // The answer need not name the input, whose name is the job's.
  else if (displayName)
    await deleteUploads(client, new Set([displayName]), createTime - UPLOAD_LEAD_MS, signal);
  const responsesFile = (batch.response ?? output)?.responsesFile;
  if (responsesFile) await remove(client, responsesFile, signal);
  // Last: it tells where the others are.
  await remove(client, jobId, signal);
}

/** Deletes the uploads that bear one of the keys. */
export function deleteLeftovers(
  client: Client,
  keys: ReadonlySet<string>,
  since: number,
): Promise<void> {
  return deleteUploads(client, keys, since, AbortSignal.timeout(CLEAN_UP_DEADLINE_MS));
}

export async function deleteUploads(
  client: Client,
  displayNames: ReadonlySet<string>,
  since: number,
  signal: AbortSignal,
): Promise<void> {
  const found: string[] = [];
  for await (const { files } of listPages(client, 'files', fileListSchema, signal))
    for (const { name, displayName, createTime } of files)
      if (createTime >= since && displayNames.has(displayName ?? '')) found.push(name);
  // After the listing, which deleting would move.
  for (const name of found) await remove(client, name, signal);
}

/**
 * Deletes a file or the record of a job, if it is there. A file that the API refuses to delete is
 * left to its expiry, after 48 hours.
 */
export async function remove(
  { rest, url }: Client,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await rest.done({ method: 'DELETE', url: url(`/${VERSION}/${name}`) }, signal);
  } catch (error) {
    const failure = classify(error, 'read');
    if (failure.kind !== 'missing' && failure.kind !== 'permanent') throw failure;
  }
}
