import type { IncomingMessage } from 'node:http';

/** A call as the handler of a route gets it. */
export interface Call {
  /** The `:name` parts of the path. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Its body has not been read. */
  readonly request: IncomingMessage;
}

export type Reply =
  | {
      readonly status: number;
      readonly json: unknown;
      readonly headers?: Readonly<Record<string, string>>;
      /** Destroys the connection instead of sending the reply. */
      readonly lost?: boolean;
    }
  | {
      readonly status: number;
      readonly file: {
        readonly path: string;
        /** How many bytes are sent. */
        readonly bytes: number;
        readonly type: string;
        /** Offset of the first byte in the file. Default 0. */
        readonly start?: number;
      };
    };

export interface Route {
  readonly method: string;
  readonly pattern: RegExp;
  readonly handle: (call: Call) => Reply | Promise<Reply>;
}

/**
 * A route for `path` under any base path.
 *
 * @param path e.g. `/batches/:id/cancel`
 */
export function route(method: string, path: string, handle: Route['handle']): Route {
  const parts = path.replace(/:(\w+)/g, '(?<$1>[^/]+)');
  return { method, pattern: new RegExp(`^(?:/[^/]+)*${parts}/?$`), handle };
}

/** The first route that matches, with the parameters of the path. */
export function findRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): { route: Route; parameters: Record<string, string> } | undefined {
  for (const candidate of routes) {
    const match = candidate.method === method ? candidate.pattern.exec(path) : null;
    if (match) return { route: candidate, parameters: { ...match.groups } };
  }
  return undefined;
}

/** A page of a listing with a cursor. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly hasMore: boolean;
}

/**
 * The `limit` items after the one with the id `after`, or the first ones.
 *
 * @returns undefined if no item has that id
 */
export function pageOf<Item extends { readonly id: string }>(
  items: readonly Item[],
  limit: number,
  after: string | null,
): Page<Item> | undefined {
  const cursor = after === null ? -1 : items.findIndex(({ id }) => id === after);
  if (after !== null && cursor < 0) return undefined;
  const rest = items.slice(cursor + 1);
  return { items: rest.slice(0, limit), hasMore: rest.length > limit };
}

const MAX_JSON_BYTES = 1024 * 1024;

/**
 * Reads the JSON object in the body of a call.
 *
 * @param refuse makes the provider's error for a body that is no JSON object or exceeds 1 MiB
 */
export async function readJson(
  request: IncomingMessage,
  refuse: (problem: string) => Error,
): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= MAX_JSON_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_JSON_BYTES) throw refuse(`the body has ${bytes} bytes, over ${MAX_JSON_BYTES}`);
  const value = parseJson(Buffer.concat(chunks).toString());
  if (!isObject(value)) throw refuse('the body is not a JSON object');
  return value;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of a JSON text. Undefined if it is not JSON. */
export function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
