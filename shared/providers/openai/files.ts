import type OpenAI from 'openai';
import { ProviderError, RefusedError } from '../../batch/errors.ts';
import type { Outcome } from '../../batch/job.ts';
import { lineGroups } from '../../jsonl/lines.ts';
import { CLEAN_UP_DEADLINE_MS, openWithin, READ_DEADLINE_MS, resumedDownload } from '../http.ts';
import { fileListSchema, wireBatchSchema } from './api.ts';
import { classify } from './errors.ts';
import { uploadName } from './submit.ts';

/** Deletes the input, output and error file of a job. What is not there needs no deleting. */
export async function deleteFiles(client: OpenAI, jobId: string): Promise<void> {
  const signal = AbortSignal.timeout(CLEAN_UP_DEADLINE_MS);
  await unlessMissing(async () => {
    const job = wireBatchSchema.parse(await client.batches.retrieve(jobId, { signal }));
    // Azure gives an empty string where OpenAI gives null.
    for (const fileId of [job.input_file_id, job.output_file_id, job.error_file_id])
      if (fileId != null && fileId !== '') await deleteFile(client, fileId, signal);
  });
}

/** Deletes one file, if it is there. */
export function deleteFile(client: OpenAI, fileId: string, signal: AbortSignal): Promise<void> {
  return unlessMissing(() => client.files.delete(fileId, { signal }));
}

async function unlessMissing(call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    const failure = classify(error, 'read');
    if (failure.kind !== 'missing') throw failure;
  }
}

const PAGE_SIZE = 1_000;
/** What lies further back is left to its expiry: an account with so many uploads is a busy one. */
const MAX_PAGES = 100;

/** Deletes the uploads that bear the name of one of the keys, newest first, back to `since`. */
export async function deleteLeftovers(
  client: OpenAI,
  keys: ReadonlySet<string>,
  since: number,
): Promise<void> {
  const names = new Set([...keys].map(uploadName));
  const signal = AbortSignal.timeout(CLEAN_UP_DEADLINE_MS);
  const found: string[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const { data, has_more: hasMore } = await readPage(client, after, signal);
    // OpenAI cuts times to whole seconds.
    const recent = data.filter((file) => (file.created_at + 1) * 1000 > since);
    for (const { id, filename } of recent) if (names.has(filename)) found.push(id);
    const last = data.at(-1)?.id;
    // A gateway that ignores the cursor would give the same page over and over.
    if (!hasMore || recent.length < data.length || last === undefined || last === after) break;
    after = last;
  }
  // After the listing, whose cursor is one of the files.
  for (const fileId of found) await deleteFile(client, fileId, signal);
}

async function readPage(client: OpenAI, after: string | undefined, signal: AbortSignal) {
  try {
    const first = { purpose: 'batch', order: 'desc', limit: PAGE_SIZE };
    const query = after === undefined ? first : { ...first, after };
    // Not `files.list`: it takes an answer without a list for an empty one.
    return fileListSchema.parse(await client.get('/files', { query, signal }));
  } catch (error) {
    throw classify(error, 'read');
  }
}

/** A file's bytes, each once and in order. The API has no ranges. */
export function download(client: OpenAI, fileId: string): AsyncGenerator<Uint8Array> {
  // So that Content-Length counts the bytes we see.
  const headers = { 'accept-encoding': 'identity' };
  const open = (signal: AbortSignal) => client.files.content(fileId, { signal, headers });
  return resumedDownload({
    open: (signal) =>
      openWithin(READ_DEADLINE_MS, signal, open).catch((error: unknown) => {
        throw classify(error, 'read');
      }),
    classify: (error) => classify(error, 'read'),
  });
}

// One embeddings request may hold 2,048 texts, whose answer is one line of well over 100 MB.
const MAX_ROW_BYTES = 256 * 1024 * 1024;

/** The rows of all files of an outcome: already in the format that everything else speaks. */
export async function* readRows(
  client: OpenAI,
  outcome: Outcome,
): AsyncGenerator<readonly Uint8Array[]> {
  for (const fileId of outcome.files)
    try {
      for await (const group of lineGroups(download(client, fileId), MAX_ROW_BYTES))
        yield group.map(({ bytes }) => bytes);
    } catch (error) {
      // A line over the limit: it will not be shorter the next time.
      throw error instanceof RefusedError ? new ProviderError('permanent', error.reason) : error;
    }
}
