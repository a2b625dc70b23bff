import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { ProviderError } from '../../batch/errors.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import { unusableAnswer } from '../errors.ts';
import {
  discardBody,
  READ_RETRIES,
  READ_TIMEOUT_MS,
  repeatableFetch,
  streamingFetch,
} from '../http.ts';
import { HttpError, httpErrorOf } from './errors.ts';

/** Gives the headers that authenticate a call. @throws ProviderError `account` or `transient` */
export type Authorize = () => Promise<Readonly<Record<string, string>>>;

export interface RestCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  /** A body that is sent as JSON. */
  readonly json?: unknown;
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses besides 2xx that are no failure. */
  readonly expected?: readonly number[];
}

/** Calls Google's REST APIs. All methods throw HttpError for an answer with a failure status. */
export interface Rest {
  /**
   * Sends a call that may be repeated, and returns its answer's JSON; undefined for an empty body.
   * Makes up to three tries of 30 s each.
   *
   * @param signal aborts all tries
   */
  read(call: RestCall, signal?: AbortSignal): Promise<unknown>;
  /** Like `read`, for a call whose answer only says that it succeeded. */
  done(call: RestCall, signal?: AbortSignal): Promise<void>;
  /** Like `read`, but resolves once the headers have arrived. `signal` also aborts the body. */
  open(call: RestCall, signal?: AbortSignal): Promise<Response>;
  /** Like `open`, but makes only one try of 30 s. */
  openOnce(call: RestCall): Promise<Response>;
  /** Sends a call once, on a connection of its own, and returns its answer's JSON. */
  once(call: RestCall, deadlineMs: number): Promise<unknown>;
}

export function connectRest(authorize: Authorize): Rest {
  const attempt = async (call: RestCall, inner: AbortSignal, outer?: AbortSignal) => {
    const signal = outer === undefined ? inner : AbortSignal.any([outer, inner]);
    return sendCall(repeatableFetch, call, await authorize(), signal);
  };
  const open: Rest['open'] = (call, outer) => repeated((inner) => attempt(call, inner, outer));
  return {
    open,
    read: (call, outer) => repeated(async (inner) => jsonOf(await attempt(call, inner, outer))),
    async done(call, outer) {
      await discardBody(await open(call, outer));
    },
    openOnce: async (call) => attempt(call, AbortSignal.timeout(READ_TIMEOUT_MS)),
    async once(call, deadlineMs) {
      // Before the deadline begins: fetching credentials sends nothing of the call.
      const credentials = await authorize();
      const signal = AbortSignal.timeout(Math.ceil(deadlineMs));
      return jsonOf(await sendCall(streamingFetch, call, credentials, signal));
    },
  };
}

async function sendCall(
  fetcher: typeof fetch,
  { method, url, json, body, headers, expected = [] }: RestCall,
  credentials: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  const content = json === undefined ? body : JSON.stringify(json);
  const type: Record<string, string> =
    json === undefined ? {} : { 'content-type': 'application/json' };
  const options = omitUndefined({
    method,
    headers: { ...type, ...headers, ...credentials },
    body: content as NonNullable<RequestInit['body']> | undefined,
    signal,
  });
  const response = await fetcher(url, options);
  if (response.ok || expected.includes(response.status)) return response;
  throw await httpErrorOf(response);
}

async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text();
  return text === '' ? undefined : JSON.parse(text);
}

const TRIES = 1 + READ_RETRIES;
const FIRST_RETRY_DELAY_MS = 500;

/**
 * Repeats what may be repeated until it succeeds, fails for good, or has failed three times; all of
 * that in less than 120 s. A try lasts until `attempt` resolves.
 */
async function repeated<T>(attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    const abort = new AbortController();
    const timeout = new Error(`no answer within ${READ_TIMEOUT_MS} ms`);
    const timer = setTimeout(() => abort.abort(timeout), READ_TIMEOUT_MS);
    try {
      return await attempt(abort.signal);
    } catch (error) {
      if (tries >= TRIES || !isTransient(error)) throw error;
    } finally {
      clearTimeout(timer);
    }
    await delay(FIRST_RETRY_DELAY_MS * 2 ** (tries - 1));
  }
}

function isTransient(error: unknown): boolean {
  // The credentials were refused, or fetching them was tried more than once already.
  if (error instanceof ProviderError) return false;
  if (!(error instanceof HttpError)) return true;
  return error.status === 408 || error.status === 429 || error.status >= 500;
}

/** The size of Google's SDK; the protocols require a multiple of 256 KiB. */
const CHUNK_BYTES = 8 * 1024 * 1024;
/** How many chunks in a row may make no progress. */
const MAX_STANDSTILLS = 3;

/** A part of a file. It may be empty. */
export interface UploadChunk {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly isLast: boolean;
}

/** The session's answer to a chunk: how much it has received, or the answer to the whole file. */
export type UploadProgress = { readonly received: number } | { readonly answer: unknown };

/** A file on disk. */
export interface UploadFile {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Sends a file to an upload session in chunks, each from where the session has got to. Memory holds
 * one chunk.
 *
 * @param provider for the reason, such as `Gemini`
 * @returns the session's answer to the last chunk
 * @throws ProviderError if the session makes no progress, and what `send` throws
 */
export async function chunkedUpload(
  provider: string,
  { path, bytes }: UploadFile,
  send: (chunk: UploadChunk) => Promise<UploadProgress>,
): Promise<unknown> {
  await using file = await open(path);
  let standstills = 0;
  for (let offset = 0; standstills < MAX_STANDSTILLS; ) {
    const length = Math.max(0, Math.min(CHUNK_BYTES, bytes - offset));
    // A new buffer each time: a broken connection may still be sending the last one.
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    const isLast = offset + bytesRead === bytes;
    const progress = await send({ bytes: buffer.subarray(0, bytesRead), offset, isLast });
    if ('answer' in progress) return progress.answer;
    standstills = progress.received > offset ? 0 : standstills + 1;
    offset = progress.received;
  }
  throw unusableAnswer(`${provider}, upload`, 'the session makes no progress');
}
