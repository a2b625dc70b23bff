import type { Context } from 'hono';
import type { Caller } from './ports.ts';

/** What the application knows of a request, beside what the request says. */
export interface HttpEnv {
  readonly Variables: {
    /** Set once the key was accepted. */
    caller: Caller;
    /** Names the request in its answer and in logs. */
    requestId: string;
    /** The path of its route, which shows no id. */
    route: string;
    /** Id of what the request has made, changed or read, for logs. */
    id: string;
  };
}

export type HttpContext = Context<HttpEnv>;

export type Handler = (context: HttpContext) => Response | Promise<Response>;

/** Handlers by the path under `/v1` and the method. `HEAD` is answered by that of `GET`. */
export type Routes = Readonly<
  Record<string, Readonly<Partial<Record<'GET' | 'POST' | 'DELETE', Handler>>>>
>;

/** A parameter of the route's path. */
export function pathParameter(context: HttpContext, name: string): string {
  return context.req.param(name) ?? '';
}

/** A time in the API: whole seconds since 1970. Undefined if there is none. */
export function unixSeconds(milliseconds: number): number;
export function unixSeconds(milliseconds: number | undefined): number | undefined;
export function unixSeconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.floor(milliseconds / 1000);
}
