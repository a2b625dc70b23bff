import * as z from 'zod';
import { type Route, readJson, route } from './router.ts';

/** A fault that is injected into one HTTP call. */
export type Fault =
  /** The call is answered with this status and not carried out. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly code?: string;
      readonly message?: string;
    }
  /** The connection is destroyed before the call is carried out. */
  | { readonly kind: 'reset' }
  /** The call is carried out, then the connection is destroyed without a reply. */
  | { readonly kind: 'lost' }
  /** The connection breaks after this many bytes of the reply's body. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** Fields of the JSON reply are replaced, e.g. `{ status: 'weird' }`. */
  | { readonly kind: 'patch'; readonly fields: Readonly<Record<string, unknown>> }
  /** The call is carried out, and answered with status 200 and this body. */
  | { readonly kind: 'body'; readonly text: string; readonly type?: string }
  /** The call is carried out this much later. */
  | { readonly kind: 'delay'; readonly delayMs: number };

/** A fault and the calls that it is injected into. */
export interface Injection {
  /** Default: any method. */
  readonly method?: string;
  /** Matched against the path as sent, without the query. */
  readonly path: RegExp;
  /** How many of the next matching calls get the fault. Default 1. */
  readonly times?: number;
  readonly fault: Fault;
}

/** The faults that are still to be injected, in the order in which they were added. */
export class FaultList {
  #waiting: { injection: Injection; left: number }[] = [];

  inject(injection: Injection): void {
    this.#waiting.push({ injection, left: injection.times ?? 1 });
  }

  /** Returns the fault for this call and uses it up. */
  take(method: string, path: string): Fault | undefined {
    const found = this.#waiting.find(
      ({ injection }) =>
        (injection.method ?? method) === method && path.search(injection.path) >= 0,
    );
    if (!found) return undefined;
    found.left -= 1;
    this.#waiting = this.#waiting.filter(({ left }) => left > 0);
    return found.injection.fault;
  }
}

/** Carries a `status` fault to the code that renders it in the provider's error format. */
export class InjectedError extends Error {
  override readonly name = 'InjectedError';
  readonly status: number;
  readonly code: string | undefined;
  constructor(fault: Extract<Fault, { kind: 'status' }>) {
    super(fault.message ?? `injected fault with status ${fault.status}`);
    this.status = fault.status;
    this.code = fault.code;
  }
}

const injectionSchema = z.strictObject({
  method: z.string().optional(),
  /** The source of a regular expression. */
  path: z.string(),
  times: z.number().int().positive().optional(),
  fault: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('status'),
      status: z.number().int(),
      code: z.string().optional(),
      message: z.string().optional(),
    }),
    z.strictObject({ kind: z.enum(['reset', 'lost']) }),
    z.strictObject({ kind: z.literal('cut'), afterBytes: z.number().int().nonnegative() }),
    z.strictObject({ kind: z.literal('patch'), fields: z.record(z.string(), z.unknown()) }),
    z.strictObject({
      kind: z.literal('body'),
      text: z.string(),
      type: z.string().optional(),
    }),
    z.strictObject({ kind: z.literal('delay'), delayMs: z.number().nonnegative() }),
  ]),
});

/**
 * `POST /simulator/faults` does what `inject` does, for a simulator in another process. The body
 * is an `Injection` whose `path` is a string.
 */
export function faultRoute(faults: FaultList): Route {
  return route('POST', '/simulator/faults', async ({ request }) => {
    const refuse = (problem: string) => new Error(`POST /simulator/faults: ${problem}`);
    const parsed = injectionSchema.safeParse(await readJson(request, refuse));
    if (!parsed.success) throw refuse(z.prettifyError(parsed.error));
    const { path, ...injection } = parsed.data;
    faults.inject({ ...injection, path: new RegExp(path) } as Injection);
    return { status: 200, json: {} };
  });
}
