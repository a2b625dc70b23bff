import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import nodeFetch, { type RequestInit as NodeRequestInit } from 'node-fetch';
import * as z from 'zod';
import { ProviderError } from '../batch/errors.ts';
import { baseUrlProblem, isFilled } from './settings.ts';

/** How an API with a key is reached. */
export interface ApiConnection {
  readonly apiKey: string;
  /** Default: the provider's public endpoint. */
  readonly baseUrl?: string | undefined;
}

/** Limits of calls that may be repeated: retrieve, list, cancel, delete, download. */

/** Of one try. */
export const READ_TIMEOUT_MS = 30_000;
export const READ_RETRIES = 2;
/** Of all tries of one call, and the waits between them. */
export const READ_DEADLINE_MS = 120_000;

/** Of all calls that delete the files of one batch. What remains then is deleted later. */
export const CLEAN_UP_DEADLINE_MS = 60_000;
/** Of deleting the upload of a job that was refused. */
export const DISCARD_DEADLINE_MS = 10_000;

/** An upload slower than this is taken as stuck. */
export const SLOWEST_UPLOAD_BYTES_PER_MS = 1_000;

/** Entries per page of a listing, which all providers allow. Smaller pages answer sooner. */
export const PAGE_SIZE = 100;

/** Whether a number can be a time. Services write 0, or the year 1, for one that they do not know. */
export function isTime(value: number): boolean {
  return value > 0 && Number.isFinite(value);
}

/** A time as RFC 3339 writes it, in milliseconds since 1970. */
export const timestamp = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .refine(isTime);

/** Providers cut the times of jobs and files to whole seconds. */
export const SECOND_MS = 1000;

/**
 * Options of one reading call of the SDKs of OpenAI and Anthropic. Their own timeout limits a try
 * until its headers have arrived; the signal limits the rest: waits between tries and the bodies of
 * error answers.
 */
export function readOptions(): { signal: AbortSignal } {
  return { signal: AbortSignal.timeout(READ_DEADLINE_MS) };
}

// If the server closed a kept connection just then, a create call may or may not have arrived.
const AGENTS = {
  'http:': new HttpAgent({ keepAlive: false }),
  'https:': new HttpsAgent({ keepAlive: false }),
};

/**
 * Sends uploads and create calls, each on a connection of its own. Node's own fetch holds a whole
 * request body in memory; this one streams it.
 */
export const streamingFetch: typeof fetch = (url, init) =>
  nodeFetch(String(url), {
    // The two libraries' types of the same web standards do not match.
    ...(init as NodeRequestInit),
    // Another host must receive neither the requests nor the key.
    redirect: 'manual',
    agent: ({ protocol }) => AGENTS[protocol as keyof typeof AGENTS],
  }) as unknown as Promise<Response>;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** More would be a loop. */
const MAX_REDIRECTS = 3;
/** Headers that another host may see: they say what to send, and nothing of the account. */
const PUBLIC_HEADERS = ['accept', 'accept-encoding', 'range'];

/**
 * Sends calls that only read. Node's own fetch would follow a redirect with the headers in which
 * Anthropic and Azure expect the key. This one follows it only with GET, as to the storage that a
 * service keeps its files in, and shows another host no credentials. Any other redirect is the
 * answer.
 */
export const readingFetch: typeof fetch = async (input, init) => {
  const { method = 'GET' } = init ?? {};
  let url = new URL(input instanceof Request ? input.url : input);
  let headers = new Headers(init?.headers);
  for (let redirects = 0; ; redirects++) {
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    const location = response.headers.get('location');
    const next = location === null ? null : URL.parse(location, url.href);
    const isFollowed =
      REDIRECTS.has(response.status) && method.toUpperCase() === 'GET' && next !== null;
    if (!isFollowed || redirects >= MAX_REDIRECTS || baseUrlProblem(next.href)) return response;
    await response.body?.cancel();
    if (next.origin !== url.origin) headers = publicHeaders(headers);
    url = next;
  }
};

function publicHeaders(headers: Headers): Headers {
  const found = PUBLIC_HEADERS.map((name) => [name, headers.get(name)] as const);
  return new Headers(found.filter((header): header is [string, string] => header[1] !== null));
}

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

/** Limits the time to open a response, but not the time to read its body. */
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

/** @throws Error if the connection breaks, goes silent, or ends before its Content-Length */
async function* chunksOf(response: Response, abort: AbortController): AsyncGenerator<Uint8Array> {
  // Of a compressed body, it counts other bytes than those that are read.
  const length = isCompressed(response) ? null : response.headers.get('content-length');
  const expected = Number(length ?? Number.NaN);
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
  const silent = new Error(`no data arrived for ${IDLE_MS} ms`);
  const timer = setTimeout(() => abort.abort(silent), IDLE_MS);
  try {
    return await step;
  } finally {
    clearTimeout(timer);
  }
}

/** A secret as an API key. @throws ProviderError `account` if it is not filled in, or is no key */
export function credentialOf(name: string, secret: string | undefined): string {
  // A secret that was pasted or read from a file often ends in a line end.
  const key = secret?.trim() ?? '';
  if (!isFilled(key))
    throw new ProviderError('account', {
      code: 'secret_not_filled',
      message: `the secret of provider ${name} holds no key yet: put its API key in (batch-handler key ${name}); its batches go on by themselves`,
    });
  if (!/^[\x21-\x7e]+$/.test(key))
    throw new ProviderError('account', {
      code: 'secret_malformed',
      message: `the secret of provider ${name} has spaces or other characters that no API key has: put in the key alone`,
    });
  return key;
}
