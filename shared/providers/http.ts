import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import nodeFetch, { type RequestInit as NodeRequestInit } from 'node-fetch';
import * as z from 'zod';
import { ProviderError } from '../batch/errors.ts';
import { baseUrlProblem, SECRET_PLACEHOLDER } from './settings.ts';

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

/** A time as RFC 3339 writes it, in milliseconds since 1970. */
export const timestamp = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

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

/** How often one download is reopened after it broke. */
const MAX_RESUMPTIONS = 5;
/** The longest time without data. Time that the reader takes does not count. */
const IDLE_MS = 60_000;

export interface Download {
  /**
   * Opens the file at its first byte, or at `from` with status 206. Must limit its own tries, throw
   * ProviderError, and ask for `accept-encoding: identity`, so that Content-Length counts the bytes
   * that arrive.
   */
  open(signal: AbortSignal, from: number): Promise<Response>;
  /** Classifies a connection that broke during the download. */
  classify(error: unknown): ProviderError;
}

/**
 * Downloads a file's bytes, each once and in order, however often the connection breaks: the file is
 * reopened, and where the API has no ranges, the bytes that were yielded before are skipped. For
 * files that never change.
 */
export async function* resumedDownload({ open, classify }: Download): AsyncGenerator<Uint8Array> {
  let yielded = 0;
  for (let resumptions = 0; ; resumptions++) {
    const abort = new AbortController();
    try {
      const response = await open(abort.signal, yielded);
      let position = response.status === 206 ? yielded : 0;
      for await (const chunk of chunksOf(response, abort)) {
        const fresh = chunk.subarray(Math.max(0, yielded - position));
        position += chunk.length;
        if (fresh.length === 0) continue;
        yielded += fresh.length;
        yield fresh;
      }
      if (position < yielded)
        throw new Error(`the file shrank from ${yielded} to ${position} bytes`);
      return;
    } catch (error) {
      // `open` has tried a file that does not open more than once.
      if (error instanceof ProviderError || resumptions >= MAX_RESUMPTIONS) throw classify(error);
    } finally {
      // Frees the connection when the reader stops early.
      abort.abort();
    }
  }
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
  const silent = new Error(`no data arrived for ${IDLE_MS} ms`);
  const timer = setTimeout(() => abort.abort(silent), IDLE_MS);
  try {
    return await step;
  } finally {
    clearTimeout(timer);
  }
}

/** Whether somebody has filled in a secret. */
export function isFilled(secret: string | undefined): boolean {
  const text = secret?.trim() ?? '';
  return text !== '' && text !== SECRET_PLACEHOLDER;
}

/** A secret as an API key. @throws ProviderError `account` if it is not filled in, or is no key */
export function credentialOf(name: string, secret: string | undefined): string {
  // A secret that was pasted or read from a file often ends in a line end.
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
