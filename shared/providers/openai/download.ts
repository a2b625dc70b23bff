import type OpenAI from 'openai';
import { ProviderError } from '../../batch/errors.ts';
import { classify } from './classify.ts';
import { READ_DEADLINE_MS } from './client.ts';

/** Times that one file is opened again after its download broke. */
const MAX_RESUMPTIONS = 5;
/** Longest silence of a connection. Time that the reader takes does not count. */
const IDLE_MS = 60_000;

/**
 * A file's bytes, each once and in order, however often the connection breaks: it is opened again
 * and what was handed on is skipped. The API has no ranges, and its files never change.
 */
export async function* download(client: OpenAI, fileId: string): AsyncGenerator<Uint8Array> {
  let handedOn = 0;
  for (let resumptions = 0; ; resumptions++) {
    const abort = new AbortController();
    try {
      let position = 0;
      for await (const chunk of bodyOf(await open(client, fileId, abort), abort)) {
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
      if (error instanceof ProviderError || resumptions >= MAX_RESUMPTIONS)
        throw classify(error, 'read');
    } finally {
      // Frees the connection when the reader stops early.
      abort.abort();
    }
  }
}

async function open(client: OpenAI, fileId: string, abort: AbortController): Promise<Response> {
  try {
    const opening = client.files.content(fileId, {
      signal: abort.signal,
      // So that Content-Length counts the bytes we see.
      headers: { 'accept-encoding': 'identity' },
    });
    return await within(READ_DEADLINE_MS, abort, opening);
  } catch (error) {
    throw classify(error, 'read');
  }
}

/** Throws if the connection breaks, falls silent, or ends before its Content-Length. */
async function* bodyOf(response: Response, abort: AbortController): AsyncGenerator<Uint8Array> {
  const expected = Number(response.headers.get('content-length') ?? Number.NaN);
  const chunks = (response.body ?? new Blob([]).stream()).values();
  let bytes = 0;
  while (true) {
    const { done, value } = await within(IDLE_MS, abort, chunks.next());
    if (done) break;
    bytes += value.length;
    yield value;
  }
  if (bytes < expected) throw new Error(`the download ended after ${bytes} of ${expected} bytes`);
}

async function within<T>(ms: number, abort: AbortController, step: PromiseLike<T>): Promise<T> {
  const timer = setTimeout(() => abort.abort(new Error(`nothing came for ${ms} ms`)), ms);
  try {
    return await step;
  } finally {
    clearTimeout(timer);
  }
}
