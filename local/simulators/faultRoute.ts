import * as z from 'zod';
import type { FaultList } from './faults.ts';
import { readJson } from './readJson.ts';
import { type Route, route } from './router.ts';

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
    z.strictObject({ kind: z.literal('delay'), delayMs: z.number().nonnegative() }),
  ]),
});

/**
 * `POST /simulator/faults`: `inject` for a simulator in another process. The body is an
 * `Injection` whose `path` is a string.
 */
export function faultRoute(faults: FaultList): Route {
  return route('POST', '/simulator/faults', async ({ request }) => {
    const refuse = (problem: string) => new Error(`POST /simulator/faults: ${problem}`);
    const parsed = injectionSchema.safeParse(await readJson(request, refuse));
    if (!parsed.success) throw refuse(z.prettifyError(parsed.error));
    const { path, ...injection } = parsed.data;
    faults.inject({ ...injection, path: new RegExp(path) } as Parameters<FaultList['inject']>[0]);
    return { status: 200, json: {} };
  });
}
