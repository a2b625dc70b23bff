import { READ_TIMEOUT_MS } from '../readBounds.ts';
import { streamingFetch } from '../streamingFetch.ts';
import { httpErrorOf } from './httpError.ts';
import { repeated } from './repeated.ts';

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
