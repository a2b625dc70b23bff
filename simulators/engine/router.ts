import type { IncomingMessage } from 'node:http';

/** A call as a route's handler sees it. */
export interface Call {
  /** The path's `:name` parts. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Its body is not read yet. */
  readonly request: IncomingMessage;
}

export type Reply =
  | {
      readonly status: number;
      readonly json: unknown;
      readonly headers?: Readonly<Record<string, string>>;
      /** The connection is destroyed instead of sending this. */
      readonly lost?: boolean;
    }
  | {
      readonly status: number;
      readonly file: {
        readonly path: string;
        /** How many are sent. */
        readonly bytes: number;
        readonly type: string;
        /** Where in the file they begin. Default 0. */
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

/** The first route for this method and path, and the parts of the path. */
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

/** A page of a listing by cursor. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly hasMore: boolean;
}

/**
 * The `limit` items that follow the one with the id `after`, or the first ones.
 *
 * @returns undefined when no item has that id
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
