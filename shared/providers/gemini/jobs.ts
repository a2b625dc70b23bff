import type * as z from 'zod';
import type { Reason } from '../../batch/errors.ts';
import { answeredOf, type JobState, type Outcome } from '../../batch/job.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import { ignoring, undefinedIfMissing } from '../errors.ts';
import { jobRefusalOf, rpcReason } from '../google/status.ts';
import { CLEAN_UP_DEADLINE_MS, PAGE_SIZE } from '../http.ts';
import { ListEntries, listPages } from '../listing.ts';
import type { ListedJob, ListingPosition } from '../provider.ts';
import {
  batchListSchema,
  type Client,
  fileListSchema,
  listedBatchSchema,
  VERSION,
  type WireBatch,
  wireBatchSchema,
} from './api.ts';
import { classify } from './errors.ts';

/** The API has BATCH_STATE_…, its SDKs and their users have JOB_STATE_…. */
const STATE_PREFIX = /^(BATCH|JOB)_STATE_/;

/** https://ai.google.dev/gemini-api/docs/batch-api#monitor-batch-job */
const RUNNING: ReadonlySet<string> = new Set(['RUNNING', 'CANCELLING', 'PAUSED', 'UPDATING']);
const PENDING: ReadonlySet<string> = new Set(['PENDING', 'QUEUED']);
const ENDED: Readonly<Record<string, Outcome['kind']>> = {
  SUCCEEDED: 'completed',
  // Some requests have failed: their rows say so.
  PARTIALLY_SUCCEEDED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  // After 48 hours, and without results.
  EXPIRED: 'expired',
};

/** The state of a job, by the API's answer for its batch. */
export function jobStateOf(batch: WireBatch): JobState {
  const state = stateOf(batch);
  const name = state.replace(STATE_PREFIX, '');
  if (PENDING.has(name)) return { state: 'running', isPending: true };
  if (RUNNING.has(name)) return { state: 'running', ...progressOf(batch) };
  const kind = Object.hasOwn(ENDED, name) ? ENDED[name] : undefined;
  if (kind === undefined) return { state: 'unknown', status: state.slice(0, 100) };
  return { state: 'ended', outcome: outcomeOf(batch, kind) };
}

/** Once an operation is done, its error or its response says how, also without metadata. */
function stateOf({ done, metadata, error, response }: WireBatch): string {
  if (metadata?.state !== undefined) return metadata.state;
  if (error) return 'FAILED';
  return done && response ? 'SUCCEEDED' : 'done without a state, an error or a response';
}

function progressOf({ metadata }: WireBatch): { progress?: number } {
  const stats = metadata?.batchStats;
  const counts = [stats?.successfulRequestCount, stats?.failedRequestCount];
  if (counts.every((count) => count == null)) return {};
  return { progress: counts.reduce<number>((sum, count) => sum + (count ?? 0), 0) };
}

function outcomeOf(batch: WireBatch, kind: Outcome['kind']): Outcome {
  return omitUndefined({
    kind,
    jobId: batch.name,
    files: filesOf(batch),
    answered: answeredOf(batch.metadata?.batchStats?.successfulRequestCount),
    reason: reasonOf(batch, kind),
    refusal: kind === 'failed' ? jobRefusalOf(batch.error ?? {}) : undefined,
  });
}

const EXPIRED_REASON: Reason = {
  code: 'batch_expired',
  message: 'Gemini ended the job, which was not done within 48 hours and has no results',
};

/** The error of a cancelled job only says that it was cancelled. */
function reasonOf({ error }: WireBatch, kind: Outcome['kind']): Reason | undefined {
  if (kind === 'failed') return rpcReason(error ?? {}, 'Gemini');
  return kind === 'expired' ? EXPIRED_REASON : undefined;
}

/** The file of the results, or the job itself if it contains them. */
function filesOf({ name, metadata, response }: WireBatch): string[] {
  const output = response ?? metadata?.output;
  if (output?.responsesFile) return [output.responsesFile];
  return output?.inlinedResponses || output?.inlinedEmbedContentResponses ? [name] : [];
}

/** The present state of a job. One that the API does not know is `missing`, not an error. */
export async function check(client: Client, jobId: string): Promise<JobState> {
  const batch = await readBatch(client, jobId);
  return batch === undefined ? { state: 'missing' } : jobStateOf(batch);
}

/** Undefined for a job that does not exist. @throws ProviderError */
export function readBatch(
  { rest, url }: Client,
  jobId: string,
  signal?: AbortSignal,
): Promise<WireBatch | undefined> {
  const call = { method: 'GET', url: url(`/${VERSION}/${jobId}`) } as const;
  return undefinedIfMissing(classify, async () =>
    wireBatchSchema.parse(await rest.read(call, signal)),
  );
}

/** Asks the API to end a job. It refuses (400) if the job has ended or is ending. */
export function cancel({ rest, url }: Client, jobId: string): Promise<void> {
  const call = { method: 'POST', url: url(`/${VERSION}/${jobId}:cancel`), json: {} } as const;
  return ignoring(['permanent', 'missing'], classify, () => rest.done(call));
}

/** Display names are submission keys. An account has few jobs, because ended ones are deleted. */
export async function* listJobs(
  client: Client,
  since: number,
  position?: ListingPosition,
): AsyncGenerator<ListedJob> {
  const entries = new ListEntries('Gemini, read batches', position);
  const options = { position };
  for await (const { operations = [] } of pagesOf(client, 'batches', batchListSchema, options))
    for (const { name, metadata } of entries.read(operations, listedBatchSchema)) {
      // A job of unknown age may be the one that was just created.
      const createdAt = metadata.createTime ?? since;
      if (createdAt >= since) yield { id: name, key: metadata.displayName ?? undefined, createdAt };
    }
  entries.assertComplete();
}

interface PagesOptions {
  readonly signal?: AbortSignal;
  readonly position?: ListingPosition | undefined;
}

/**
 * All pages of a listing: the API promises no order.
 *
 * @throws ProviderError
 */
function pagesOf<Found extends { readonly nextPageToken?: string | null | undefined }>(
  { rest, url }: Client,
  collection: 'batches' | 'files',
  schema: z.ZodType<Found>,
  { signal, position }: PagesOptions,
): AsyncGenerator<Found> {
  return listPages(
    `Gemini, read ${collection}`,
    async (token) => {
      // https://ai.google.dev/api/files#method:-files.list: 100 is the largest page
      const query = new URLSearchParams({ pageSize: String(PAGE_SIZE) });
      if (token !== undefined) query.set('pageToken', token);
      const call = { method: 'GET', url: url(`/${VERSION}/${collection}?${query}`) } as const;
      try {
        return schema.parse(await rest.read(call, signal));
      } catch (error) {
        throw classify(error, 'list');
      }
    },
    ({ nextPageToken }) => nextPageToken || undefined,
    position,
  );
}

/** Uploads are older than their job, and this is also far more than clocks differ. */
const UPLOAD_LEAD_MS = 24 * 60 * 60 * 1000;

/** Deletes what a job read and wrote, then its record. What does not exist counts as deleted. */
export async function deleteFiles(client: Client, jobId: string): Promise<void> {
  const signal = AbortSignal.timeout(CLEAN_UP_DEADLINE_MS);
  const batch = await readBatch(client, jobId, signal);
  if (batch === undefined) return;
  const { displayName, inputConfig, output, createTime = UPLOAD_LEAD_MS } = batch.metadata ?? {};
  if (inputConfig?.fileName) await remove(client, inputConfig.fileName, signal);
  // The answer may omit the input, whose display name is the job's.
  else if (displayName)
    await deleteUploads(client, new Set([displayName]), createTime - UPLOAD_LEAD_MS, signal);
  const responsesFile = (batch.response ?? output)?.responsesFile;
  if (responsesFile) await remove(client, responsesFile, signal);
  // Last, because it names the others.
  await remove(client, jobId, signal);
}

/** Deletes the uploads that are named after one of the keys. */
export function deleteLeftovers(
  client: Client,
  keys: ReadonlySet<string>,
  since: number,
): Promise<void> {
  return deleteUploads(client, keys, since, AbortSignal.timeout(CLEAN_UP_DEADLINE_MS));
}

async function deleteUploads(
  client: Client,
  displayNames: ReadonlySet<string>,
  since: number,
  signal: AbortSignal,
): Promise<void> {
  const found: string[] = [];
  for await (const { files } of pagesOf(client, 'files', fileListSchema, { signal }))
    for (const { name, displayName, createTime } of files)
      if (createTime >= since && displayNames.has(displayName ?? '')) found.push(name);
  // Only after the listing, whose pages a deletion would move.
  for (const name of found) await remove(client, name, signal);
}

/**
 * Deletes a file or the record of a job, if it exists. A file that the API refuses to delete is left
 * to its expiry after 48 hours.
 */
export function remove({ rest, url }: Client, name: string, signal: AbortSignal): Promise<void> {
  return ignoring(['missing', 'permanent'], classify, () =>
    rest.done({ method: 'DELETE', url: url(`/${VERSION}/${name}`) }, signal),
  );
}
