import { Agent as HttpAgent, globalAgent as httpAgent } from 'node:http';
import { Agent as HttpsAgent, globalAgent as httpsAgent } from 'node:https';
import { Readable } from 'node:stream';
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

type Agents = Readonly<Record<'http:' | 'https:', HttpAgent>>;

/**
 * Sends calls over Node's HTTP client, which needs less CPU time for each byte of an answer than Node's
 * own fetch with its web streams. The body of the answer is a stream of Node's. A redirect is the answer.
 */
function fetchWith(agents: Agents): typeof fetch {
  return (url, init) =>
    nodeFetch(String(url), {
      // The two libraries' types of the same web standards do not match.
      ...(init as NodeRequestInit),
      // Another host must receive neither the requests nor the key.
      redirect: 'manual',
      agent: ({ protocol }) => agents[protocol as keyof Agents],
    }) as unknown as Promise<Response>;
}

/**
 * Sends uploads and create calls, each on a connection of its own: if the server closed a kept one
 * just then, a create call may or may not have arrived. Node's own fetch holds a whole request body
 * in memory; this one streams it.
 */
export const streamingFetch = fetchWith({
  'http:': new HttpAgent({ keepAlive: false }),
  'https:': new HttpsAgent({ keepAlive: false }),
});

/**
 * Sends calls that may be repeated, on connections that are kept. Like Node's own fetch, and for the
 * same variables, Node's global agents go through a proxy: https://nodejs.org/api/http.html, "Built-in
 * Proxy Support"
 */
export const repeatableFetch = fetchWith({ 'http:': httpAgent, 'https:': httpsAgent });

/** Frees the connection of an answer whose body nobody reads. */
export async function discardBody({ body }: Pick<Response, 'body'>): Promise<void> {
  if ((body as unknown) instanceof Readable) (body as unknown as Readable).destroy();
  else await body?.cancel();
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** More would be a loop. */
const MAX_REDIRECTS = 3;
/** Headers that another host may see: they say what to send, and nothing of the account. */
const PUBLIC_HEADERS = ['accept', 'accept-encoding', 'range'];

/**
 * Sends calls that only read. A redirect is followed only with GET, as to the storage that a service
 * keeps its files in, and another host is shown no credentials: Node's own fetch would send it the
 * headers in which Anthropic and Azure expect the key. Any other redirect is the answer.
 */
export const readingFetch: typeof fetch = async (input, init) => {
  const { method = 'GET' } = init ?? {};
  let url = new URL(input instanceof Request ? input.url : input);
  let headers = new Headers(init?.headers);
  for (let redirects = 0; ; redirects++) {
    const response = await repeatableFetch(url, { ...init, headers });
    const location = response.headers.get('location');
    const next = location === null ? null : URL.parse(location, url.href);
    const isFollowed =
      REDIRECTS.has(response.status) && method.toUpperCase() === 'GET' && next !== null;
    if (!isFollowed || redirects >= MAX_REDIRECTS || baseUrlProblem(next.href)) return response;
    await discardBody(response);
    if (next.origin !== url.origin) headers = publicHeaders(headers);
    url = next;
  }
};

function publicHeaders(headers: Headers): Headers {
  const found = PUBLIC_HEADERS.map((name) => [name, headers.get(name)] as const);
  return new Headers(found.filter((header): header is [string, string] => header[1] !== null));
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
