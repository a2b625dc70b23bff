import { ProviderError } from '../batch/errors.ts';

/** Times that one download is opened again after it broke. */
const MAX_RESUMPTIONS = 5;
/** Longest silence of a connection. Time that the reader takes does not count. */
const IDLE_MS = 60_000;

export interface Download {
  /**
   * Opens the file at its first byte, or at `from` with status 206. Bounds its own tries; throws ProviderError. Must ask for
   * `accept-encoding: identity`, so that Content-Length counts the bytes we see.
   */
  open(signal: AbortSignal, from: number): Promise<Response>;
  /** What a connection that broke in the middle means. */
  classify(error: unknown): ProviderError;
}

/**
 * A file's bytes, each once and in order, however often the connection breaks: it is opened again
 * and what was handed on is skipped where the API has no ranges. For files that never change.
 */
export async function* resumedDownload({ open, classify }: Download): AsyncGenerator<Uint8Array> {
  let handedOn = 0;
  for (let resumptions = 0; ; resumptions++) {
    const abort = new AbortController();
    try {
      const response = await open(abort.signal, handedOn);
      let position = response.status === 206 ? handedOn : 0;
      for await (const chunk of bodyOf(response, abort)) {
        const fresh = chunk.subarray(Math.max(0, handedOn - position));
        position += chunk.length;
        if (fresh.length === 0) continue;
        handedOn += fresh.length;
        yield fresh;
      }
      if (position < handedOn)
        throw new Error(`the file shrank from ${handedOn} to ${position} bytes`);
      return;
    } catch (error) {
      // A file that does not open was tried more than once already.
      if (error instanceof ProviderError || resumptions >= MAX_RESUMPTIONS) throw classify(error);
    } finally {
      // Frees the connection when the reader stops early.
      abort.abort();
    }
  }
}

/** Bounds the opening alone: a body may take as long as it comes. */
export async function openWithin<T>(
  milliseconds: number,
  signal: AbortSignal,
  open: (signal: AbortSignal) => PromiseLike<T>,
): Promise<T> {
  const opening = new AbortController();
  const timer = setTimeout(() => opening.abort(), milliseconds);
  try {
    return await open(AbortSignal.any([signal, opening.signal]));
  } finally {
    clearTimeout(timer);
  }
}

/** Throws if the connection breaks, falls silent, or ends before its Content-Length. */
async function* bodyOf(response: Response, abort: AbortController): AsyncGenerator<Uint8Array> {
  const expected = Number(response.headers.get('content-length') ?? Number.NaN);
  const chunks = (response.body ?? new Blob([]).stream()).values();
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
  const silent = new Error(`nothing came for ${IDLE_MS} ms`);
  const timer = setTimeout(() => abort.abort(silent), IDLE_MS);
  try {
    return await step;
  } finally {
    clearTimeout(timer);
  }
}
