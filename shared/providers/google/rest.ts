import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { ProviderError } from '../../batch/errors.ts';
import { READ_RETRIES, READ_TIMEOUT_MS, streamingFetch, unusableAnswer } from '../http.ts';
import { HttpError, httpErrorOf } from './errors.ts';

/** Headers that say who calls. Throws ProviderError `account` or `transient`. */
export type Authorize = () => Promise<Readonly<Record<string, string>>>;

export interface RestCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses that are no failure besides 2xx. */
  readonly expected?: readonly number[];
}

/** One of Google's REST APIs. All methods throw HttpError for a status of failure. */
export interface Rest {
  /**
   * A call that is harmless to repeat, and its answer's JSON; undefined for an empty body. Three
   * tries of 30 s each.
   *
   * @param signal ends all of them
   */
  read(call: RestCall, signal?: AbortSignal): Promise<unknown>;
  /** The same, of a call whose answer says no more than that it succeeded. */
  done(call: RestCall, signal?: AbortSignal): Promise<void>;
  /** The same up to its headers. `signal` covers the body too. */
  open(call: RestCall, signal?: AbortSignal): Promise<Response>;
  /** The same, sent once: 30 s for one try. */
  openOnce(call: RestCall): Promise<Response>;
  /** A call that is sent once, on a connection of its own. */
  once(call: RestCall, deadlineMs: number): Promise<unknown>;
}

export function connectRest(authorize: Authorize): Rest {
  const attempt = async (call: RestCall, inner: AbortSignal, outer?: AbortSignal) => {
    const signal = outer === undefined ? inner : AbortSignal.any([outer, inner]);
    return send(fetch, call, await authorize(), signal);
  };
  const open: Rest['open'] = (call, outer) => repeated((inner) => attempt(call, inner, outer));
  return {
    open,
    read: (call, outer) => repeated(async (inner) => jsonOf(await attempt(call, inner, outer))),
    async done(call, outer) {
      const { body } = await open(call, outer);
      await body?.cancel();
    },
    openOnce: async (call) => attempt(call, AbortSignal.timeout(READ_TIMEOUT_MS)),
    async once(call, deadlineMs) {
      // Before the deadline begins: without credentials nothing was sent.
      const credentials = await authorize();
      const signal = AbortSignal.timeout(Math.ceil(deadlineMs));
      return jsonOf(await send(streamingFetch, call, credentials, signal));
    },
  };
}

async function send(
  fetcher: typeof fetch,
  { method, url, json, body, headers, expected = [] }: RestCall,
  credentials: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  const content = json === undefined ? body : JSON.stringify(json);
  const response = await fetcher(url, {
    method,
    headers: {
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
      ...credentials,
    },
    ...(content === undefined ? {} : { body: content as NonNullable<RequestInit['body']> }),
    signal,
    // Credentials are not carried to wherever an answer points.
    redirect: 'manual',
  });
  if (response.ok || expected.includes(response.status)) return response;
  throw await httpErrorOf(response);
}

async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text();
  return text === '' ? undefined : JSON.parse(text);
}

const TRIES = 1 + READ_RETRIES;
const FIRST_PAUSE_MS = 500;

/**
 * Tries what is harmless to repeat until it succeeds, fails for good, or has failed three times;
 * all of that in less than 120 s. A try lasts until `attempt` has what it wants.
 */
export async function repeated<T>(attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    const abort = new AbortController();
    const timeout = new Error(`no answer within ${READ_TIMEOUT_MS} ms`);
    const timer = setTimeout(() => abort.abort(timeout), READ_TIMEOUT_MS);
    try {
      return await attempt(abort.signal);
    } catch (error) {
      if (tries >= TRIES || !mayPass(error)) throw error;
    } finally {
      clearTimeout(timer);
    }
    await delay(FIRST_PAUSE_MS * 2 ** (tries - 1));
  }
}

function mayPass(error: unknown): boolean {
  // The credentials were refused, or have been tried more than once already.
  if (error instanceof ProviderError) return false;
  if (!(error instanceof HttpError)) return true;
  return error.status === 408 || error.status === 429 || error.status >= 500;
}

/** A multiple of 256 KiB, as the protocols want; what Google's SDK sends. */
const CHUNK_BYTES = 8 * 1024 * 1024;
/** Chunks in a row that may bring nothing forward. */
const MAX_STANDSTILLS = 3;

/** A part of a file, which may be empty. */
export interface UploadChunk {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly isLast: boolean;
}

/** What a session makes of a chunk: how far it is, or what it answers to a whole file. */
export type Progress = { readonly received: number } | { readonly answer: unknown };

/** A file on disk. */
export interface UploadFile {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Sends a file to a session in chunks, going on from wherever the session is. Memory holds one
 * chunk.
 *
 * @param provider for the reason, such as `Gemini`
 * @returns what the session answers to the last chunk
 * @throws ProviderError if the session does not get on, and what `send` throws
 */
export async function chunkedUpload(
  provider: string,
  { path, bytes }: UploadFile,
  send: (chunk: UploadChunk) => Promise<Progress>,
): Promise<unknown> {
  await using file = await open(path);
  let standstills = 0;
  for (let offset = 0; standstills < MAX_STANDSTILLS; ) {
    const length = Math.max(0, Math.min(CHUNK_BYTES, bytes - offset));
    // A new one each time: a broken connection may still be sending the last.
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    const isLast = offset + bytesRead === bytes;
    const progress = await send({ bytes: buffer.subarray(0, bytesRead), offset, isLast });
    if ('answer' in progress) return progress.answer;
    standstills = progress.received > offset ? 0 : standstills + 1;
    offset = progress.received;
  }
  throw unusableAnswer(`${provider}, upload`, 'the session does not get on');
}

/** A listing that goes on beyond is of a gateway that gives the same pages over and over. */
const MAX_PAGES = 10_000;

export interface ListPage {
  readonly nextPageToken?: string | null | undefined;
}

/**
 * The pages of a listing, to its end.
 *
 * @param call for the reason, such as `Gemini, read`
 * @throws ProviderError for a page that leads to itself
 */
export async function* listPages<Found extends ListPage>(
  call: string,
  read: (token: string | undefined) => Promise<Found>,
): AsyncGenerator<Found> {
  let token: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await read(token);
    yield page;
    if (!page.nextPageToken) return;
    if (page.nextPageToken === token) break;
    token = page.nextPageToken;
  }
  throw unusableAnswer(call, 'the listing leads no further');
}
