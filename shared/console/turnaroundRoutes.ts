import { Hono } from 'hono';
import * as z from 'zod';
import type { ModelInfo } from '../client/providerInfo.ts';
import { valid } from './failure.ts';
import { daysSchema, periodOf, type Reach, readPeriod } from './period.ts';
import type { ScreenPorts } from './ports.ts';
import { type Asks, asksOf } from './refusals.ts';
import { type Turnaround, turnaroundOf } from './turnaround.ts';

const name = z.string().max(512).optional();
const querySchema = z.object({
  days: daysSchema,
  of: z.enum(['jobs', 'batches']).default('jobs'),
  provider: name,
});
const asksSchema = z.object({ days: daysSchema, provider: name, model: name });

export interface TurnaroundView extends Turnaround {
  readonly reach: Reach;
}

/** What a provider was asked for of a model, beside what is known of its limit now. */
export interface AsksView extends Asks {
  readonly reach: Reach;
  /** Absent if nothing is known of the model now. */
  readonly limit?: ModelInfo;
}

export function turnaroundRoutes({ client, mirror, now }: ScreenPorts) {
  return new Hono()
    .get('/turnaround', valid('query', querySchema), async (context) => {
      const { days, of, provider } = context.req.valid('query');
      const period = periodOf(days, now());
      const { batches, reach } = await readPeriod(mirror, period);
      const turnaround = turnaroundOf(batches, period, { of, provider });
      return context.json<TurnaroundView>({ reach, ...turnaround });
    })
    .get('/turnaround/asks', valid('query', asksSchema), async (context) => {
      const { days, provider, model = '' } = context.req.valid('query');
      const period = periodOf(days, now());
      const { batches, reach } = await readPeriod(mirror, period);
      const wanted = provider === undefined ? undefined : { provider, model };
      const asks = asksOf(batches, period, wanted);
      const { chosen } = asks;
      const entry = (await client.providers()).find((one) => one.provider === chosen?.provider);
      const limit = entry?.models.find((one) => one.model === chosen?.model);
      return context.json<AsksView>({ reach, ...asks, ...(limit && { limit }) });
    });
}
