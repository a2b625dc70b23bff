import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import nodeFetch, { type RequestInit as NodeRequestInit } from 'node-fetch';
import { messageOf, ProviderError } from '../batch/errors.ts';
import { SECRET_PLACEHOLDER } from './settings.ts';

/** Bounds of calls that are harmless to repeat: retrieve, list, cancel, delete, download. */

/** One try. */
export const READ_TIMEOUT_MS = 30_000;
export const READ_RETRIES = 2;
/** All tries of one call and the waits between them. */
export const READ_DEADLINE_MS = 120_000;

/** All calls that delete what one batch left behind. What that misses is tried again later. */
export const CLEAN_UP_DEADLINE_MS = 60_000;

/**
 * Options of one reading call by the SDKs of OpenAI and Anthropic. Their own timeout covers a try
 * until its headers are there; the signal covers the rest: waits between tries and the bodies of
 * error answers.
 */
export function readOptions(): { signal: AbortSignal } {
  return { signal: AbortSignal.timeout(READ_DEADLINE_MS) };
}

// A kept connection that the server is just closing would leave open whether a create call arrived.
const AGENTS = {
  'http:': new HttpAgent({ keepAlive: false }),
  'https:': new HttpsAgent({ keepAlive: false }),
};

/**
 * For SDKs' uploads and create calls, each on a connection of its own. Node's own fetch holds a
 * whole request body in memory; this one streams it.
 */
export const streamingFetch: typeof fetch = (url, init) =>
  nodeFetch(String(url), {
    // The two libraries' types of the same web standards do not match.
    ...(init as NodeRequestInit),
    agent: ({ protocol }) => AGENTS[protocol as keyof typeof AGENTS],
  }) as unknown as Promise<Response>;

/** Of what a connection or the file system threw: the innermost cause's code, such as ECONNRESET. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const inner = systemCodeOf(error.cause);
  if (inner !== undefined) return inner;
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** `fetch failed (read ECONNRESET)`: the message alone would not tell why. */
export function messageWithCause(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
  return cause === '' ? messageOf(error) : `${messageOf(error)} (${cause})`;
}

/**
 * For an answer that came with a status of success and cannot be what it should be: most often it
 * is a gateway's.
 *
 * @param call such as `Gemini, read`
 */
export function unusableAnswer(call: string, what: string): ProviderError {
  return new ProviderError('transient', {
    code: 'no_usable_answer',
    message: `${call}: ${what}`,
  });
}

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

/** Whether somebody has put something into a secret. */
export function isFilled(secret: string | undefined): boolean {
  const text = secret?.trim() ?? '';
  return text !== '' && text !== SECRET_PLACEHOLDER;
}

/** A secret as a key. Throws ProviderError `account` for one that is not filled, or is no key. */
export function credentialOf(name: string, secret: string | undefined): string {
  // What is pasted, or comes from a file, often ends in a line end.
  const key = secret?.trim() ?? '';
  if (!isFilled(key))
    throw new ProviderError('account', {
      code: 'secret_not_filled',
      message: `the secret of provider ${name} holds no key yet: put its API key in (aws secretsmanager put-secret-value); its batches go on by themselves`,
    });
  if (!/^[\x21-\x7e]+$/.test(key))
    throw new ProviderError('account', {
      code: 'secret_malformed',
      message: `the secret of provider ${name} has spaces or other characters that no API key has: put in the key alone`,
    });
  return key;
}

/** The object on a line of a file of results. */
export function parseRow(bytes: Buffer): object {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Below: the parser's own message would quote the row.
  }
  throw new Error(`a row of ${bytes.length} bytes is not a JSON object: the file may be cut short`);
}
