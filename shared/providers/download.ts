import { Readable } from 'node:stream';
import { ProviderError } from '../batch/errors.ts';

/** How often in a row a download is reopened without getting further. */
const MAX_STANDSTILLS = 5;
/**
 * A connection that carries fewer new bytes counts as a standstill: it is reopened at most once for
 * so many bytes of the file, and not once for each byte.
 */
const MIN_PROGRESS_BYTES = 64 * 1024;
/** The longest time without data. Time that the reader takes does not count. */
const IDLE_MS = 60_000;

export interface Download {
  /**
   * Opens the file at its first byte, or at `from` with status 206. Must limit its own tries, throw
   * ProviderError, and send `downloadHeaders`.
   */
  open(signal: AbortSignal, from: number): Promise<Response>;
  /** Classifies a connection that broke during the download. */
  classify(error: unknown): ProviderError;
}

/** Content-Length and ranges count the bytes that arrive only without compression. */
export function downloadHeaders(from: number): Readonly<Record<string, string>> {
  const headers = { 'accept-encoding': 'identity' };
  return from > 0 ? { ...headers, range: `bytes=${from}-` } : headers;
}

/**
 * Downloads a file's bytes, each once and in order, however often the connection breaks: the file is
 * reopened where it broke, and where the API gives no ranges, the bytes that were yielded before are
 * skipped. For files that never change.
 */
export async function* resumedDownload({ open, classify }: Download): AsyncGenerator<Uint8Array> {
  let yielded = 0;
  let givesRanges = true;
  let standstills = 0;
  while (true) {
    const abort = new AbortController();
    const from = givesRanges ? yielded : 0;
    const before = yielded;
    try {
      const response = await open(abort.signal, from);
      // A range of a compressed file cannot be read by itself.
      if (isCompressed(response)) givesRanges = false;
      const { start, total } = rangeOf(response, from);
      if (start > yielded) throw new Error(`the range begins at ${start}, not at ${from}`);
      let position = start;
      for await (const chunk of chunksOf(response, abort)) {
        const fresh = chunk.subarray(Math.max(0, yielded - position));
        position += chunk.length;
        if (fresh.length === 0) continue;
        yielded += fresh.length;
        yield fresh;
      }
      if (position < yielded)
        throw new Error(`the file shrank from ${yielded} to ${position} bytes`);
      if (position < total) throw new Error(`the range ended at ${position} of ${total} bytes`);
      return;
    } catch (error) {
      // `open` has tried a file that does not open more than once, except without the range.
      if (error instanceof ProviderError && from === 0) throw error;
      if (error instanceof ProviderError) givesRanges = false;
      standstills = yielded - before >= MIN_PROGRESS_BYTES ? 0 : standstills + 1;
      if (standstills > MAX_STANDSTILLS) throw classify(error);
    } finally {
      // Frees the connection when the reader stops early.
      abort.abort();
    }
  }
}

function isCompressed({ headers }: Response): boolean {
  return ![null, '', 'identity'].includes(headers.get('content-encoding'));
}

/** Where the body begins in the file, and how long the file is; 0 if the answer does not say. */
function rangeOf({ status, headers }: Response, from: number) {
  if (status !== 206) return { start: 0, total: 0 };
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  return { start: Number(range?.[1] ?? from), total: Number(range?.[2] ?? 0) || 0 };
}

/** @throws Error if the connection breaks, goes silent, or ends before its Content-Length */
async function* chunksOf(response: Response, abort: AbortController): AsyncGenerator<Uint8Array> {
  // Of a compressed body, it counts other bytes than those that are read.
  const length = isCompressed(response) ? null : response.headers.get('content-length');
  const expected = Number(length ?? Number.NaN);
  const body: AsyncIterable<Uint8Array> = response.body ?? Readable.from([]);
  const chunks = body[Symbol.asyncIterator]();
  let bytes = 0;
  while (true) {
    const { done, value } = await withinIdleTime(abort, chunks.next());
    if (done) break;
    bytes += value.length;
    yield value;
  }
  if (bytes < expected) throw new Error(`the download ended after ${bytes} of ${expected} bytes`);
}

async function withinIdleTime<T>(abort: AbortController, step: PromiseLike<T>): Promise<T> {
  // The error is made when it is needed: its stack would cost more than the rest of a step.
  const timer = setTimeout(
    () => abort.abort(new Error(`no data arrived for ${IDLE_MS} ms`)),
    IDLE_MS,
  );
  try {
    return await step;
  } catch (error) {
    throw abort.signal.aborted ? abort.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}
