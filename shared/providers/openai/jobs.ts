import type OpenAI from 'openai';
import type { JobState } from '../../batch/job.ts';
import { ignoring, undefinedIfMissing, unusableAnswer } from '../errors.ts';
import { CLEAN_UP_DEADLINE_MS, PAGE_SIZE, readOptions, SECOND_MS } from '../http.ts';
import { isNewestFirst, ListEntries, listPages } from '../listing.ts';
import type { ListedJob, ListedState, ListingPosition } from '../provider.ts';
import {
  type Dialect,
  type ListedBatch,
  listedBatchSchema,
  listedFileSchema,
  type Page,
  pageSchema,
  wireBatchSchema,
} from './api.ts';
import { apiFailureOf, classify } from './errors.ts';
import { keyOfInput } from './service.ts';
import { existing, hasEnded, jobStateOf } from './status.ts';
import { KEY_METADATA, uploadName } from './submit.ts';

/** The present state of a job. One that OpenAI does not know is `missing`, not an error. */
export async function check(client: OpenAI, jobId: string): Promise<JobState> {
  const batch = await undefinedIfMissing(classify, async () =>
    wireBatchSchema.parse(await client.batches.retrieve(jobId, readOptions())),
  );
  return batch === undefined ? { state: 'missing' } : jobStateOf(batch);
}

/** Asks OpenAI to end a job. */
export async function cancel(client: OpenAI, jobId: string): Promise<void> {
  try {
    await client.batches.cancel(jobId, readOptions());
  } catch (error) {
    const failure = classify(error, 'read');
    // 400 or 409: it has ended, or is ending already.
    const isOver = failure.kind === 'permanent' || apiFailureOf(error).status === 409;
    if (!isOver && failure.kind !== 'missing') throw failure;
  }
}

const READ = 'OpenAI, read';

/**
 * Pages back until a page, newest first, has reached past `since`, or there are no more pages. Only
 * OpenAI documents that order: all pages are read from a service with another order.
 */
export async function* listJobs(
  client: OpenAI,
  { keepsMetadata }: Pick<Dialect, 'keepsMetadata'>,
  since: number,
  position?: ListingPosition,
): AsyncGenerator<ListedJob> {
  const entries = new ListEntries(READ, position);
  for await (const { data } of jobPages(client, position)) {
    const page = entries.read(data, listedBatchSchema);
    for (const batch of page) {
      if (isBefore(batch, since)) continue;
      // A job of unknown age may be the one that was just created.
      const { id, created_at: seconds = since / SECOND_MS } = batch;
      const key = await keyOf(client, { batch, keepsMetadata, entries });
      yield { id, key, createdAt: seconds * SECOND_MS };
    }
    const oldest = page.at(-1);
    if (oldest && isBefore(oldest, since) && isNewestFirst(timesOf(page))) break;
  }
  entries.assertComplete();
}

function isBefore({ created_at: seconds }: Pick<ListedBatch, 'created_at'>, since: number) {
  return seconds !== undefined && (seconds + 1) * SECOND_MS <= since;
}

function timesOf(page: readonly Pick<ListedBatch, 'created_at'>[]) {
  return page.map(({ created_at: seconds }) => seconds);
}

/**
 * The submission key of a batch. Some services return no metadata, or return it as they like, and
 * Azure null: the name of our upload contains the key, too.
 */
async function keyOf(
  client: OpenAI,
  { batch, keepsMetadata, entries }: KeySearch,
): Promise<string | undefined> {
  const { metadata, input_file_id: fileId, status } = batch;
  const key = metadata?.[KEY_METADATA];
  if (typeof key === 'string') return key;
  const isAnothers = keepsMetadata && Object.keys(metadata ?? {}).length > 0;
  if (isAnothers) return undefined;
  const input = { fileId, hasEnded: hasEnded(status) };
  return keyOfInput({ classify, reads: client }, input, entries);
}

interface KeySearch extends Pick<Dialect, 'keepsMetadata'> {
  readonly batch: ListedBatch;
  readonly entries: ListEntries;
}

/**
 * A listing contains whole batches, so one call shows the states of a page of jobs.
 *
 * @param after the job after which it begins. Default: at the newest
 */
export async function* listStates(client: OpenAI, after?: string): AsyncGenerator<ListedState> {
  const entries = new ListEntries(READ);
  const position = after === undefined ? {} : { cursor: query({ after }) };
  for await (const { data } of jobPages(client, position))
    for (const batch of entries.read(data, wireBatchSchema))
      yield { jobId: batch.id, state: jobStateOf(batch) };
}

/** The account's batches, one page per call, until there are no more or the caller stops. */
function jobPages(client: OpenAI, position?: ListingPosition): AsyncGenerator<Page> {
  return listPages(READ, (cursor = '') => readJobPage(client, cursor), nextCursor, position);
}

/**
 * Where the next page begins, as a query: at the cursor that the page gives, or after its last entry. A page that
 * does not say whether more follows is taken as the last one only if it is empty.
 *
 * @throws ProviderError if more follows and the page does not say where
 */
function nextCursor({ data, has_more: hasMore, paging }: Page): string | undefined {
  if (paging) return paging.next_cursor ? query({ cursor: paging.next_cursor }) : undefined;
  if (hasMore === false || (hasMore == null && data.length === 0)) return undefined;
  const last = listedBatchSchema.safeParse(data.at(-1)).data;
  if (last) return query({ after: last.id });
  throw unusableAnswer(READ, 'a list goes on after an entry without an id');
}

function query(start: Readonly<Record<string, string>>): string {
  return String(new URLSearchParams(start));
}

async function readJobPage(client: OpenAI, start: string): Promise<Page> {
  try {
    // https://platform.openai.com/docs/api-reference/batch/list: 100 is the largest page
    const query = { limit: PAGE_SIZE, ...Object.fromEntries(new URLSearchParams(start)) };
    // Not `batches.list`, which takes an answer without a list for an empty list.
    return pageSchema.parse(await client.get('/batches', { query, ...readOptions() }));
  } catch (error) {
    throw classify(error, 'list');
  }
}

/** Deletes the input, output and error file of a job. Files that do not exist count as deleted. */
export async function deleteFiles(client: OpenAI, jobId: string): Promise<void> {
  const signal = AbortSignal.timeout(CLEAN_UP_DEADLINE_MS);
  await ignoring(['missing'], classify, async () => {
    const job = wireBatchSchema.parse(await client.batches.retrieve(jobId, { signal }));
    const files = existing([job.input_file_id, job.output_file_id, job.error_file_id]);
    for (const fileId of files) await deleteFile(client, fileId, signal);
  });
}

function deleteFile(client: OpenAI, fileId: string, signal: AbortSignal): Promise<void> {
  return ignoring(['missing'], classify, () => client.files.delete(fileId, { signal }));
}

const FILE_PAGE_SIZE = 1_000;
/** Older uploads are left to their expiry: an account with so many recent uploads is a busy one. */
const MAX_FILE_PAGES = 100;

/** Deletes the uploads that are named after one of the keys, newest first, back to `since`. */
export async function deleteLeftovers(
  client: OpenAI,
  keys: ReadonlySet<string>,
  since: number,
): Promise<void> {
  const names = new Set([...keys].map(uploadName));
  const signal = AbortSignal.timeout(CLEAN_UP_DEADLINE_MS);
  const found = new Set<string>();
  let start: string | undefined;
  for (let pages = 0; pages < MAX_FILE_PAGES; pages++) {
    const page = await readFilePage(client, start, signal);
    const files = page.data.flatMap((file) => listedFileSchema.safeParse(file).data ?? []);
    for (const file of files)
      if (names.has(file.filename) && !isBefore(file, since)) found.add(file.id);
    const oldest = files.at(-1);
    if (oldest && isBefore(oldest, since) && isNewestFirst(timesOf(files))) break;
    const next = nextCursor(page);
    // A service that ignores the cursor would return the same page over and over.
    if (next === undefined || next === start) break;
    start = next;
  }
  // Only after the listing, whose cursor is one of the files.
  for (const fileId of found) await deleteFile(client, fileId, signal);
}

async function readFilePage(
  client: OpenAI,
  start: string | undefined,
  signal: AbortSignal,
): Promise<Page> {
  try {
    const cursor = Object.fromEntries(new URLSearchParams(start ?? ''));
    const query = { purpose: 'batch', order: 'desc', limit: FILE_PAGE_SIZE, ...cursor };
    // Not `files.list`, which takes an answer without a list for an empty list.
    return pageSchema.parse(await client.get('/files', { query, signal }));
  } catch (error) {
    throw classify(error, 'read');
  }
}
