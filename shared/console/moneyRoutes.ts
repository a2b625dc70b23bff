import { Hono } from 'hono';
import * as z from 'zod';
import type { Pricing } from '../batch/cost.ts';
import { type Budgets, readBudgets } from './budgets.ts';
import { entryPrices } from './entryPrices.ts';
import { valid } from './failure.ts';
import { daysSchema, periodOf, type Reach, readPeriod } from './period.ts';
import type { ScreenPorts } from './ports.ts';
import { type Savings, savingsOf } from './savings.ts';
import {
  endedIn,
  METADATA_PREFIX,
  metadataKeys,
  type Spend,
  type SpendBy,
  spendOf,
} from './spend.ts';

const bySchema = z
  .string()
  .max(METADATA_PREFIX.length + 64)
  .default('provider')
  .transform((text): SpendBy => {
    if (text === 'model' || text === 'tenant') return { kind: text };
    if (!text.startsWith(METADATA_PREFIX)) return { kind: 'provider' };
    return { kind: 'metadata', key: text.slice(METADATA_PREFIX.length) };
  });
const querySchema = z.object({ days: daysSchema, by: bySchema });

/** What batches have cost in a period. */
export interface MoneyView {
  readonly reach: Reach;
  readonly spend: Spend;
  readonly savings: Savings;
  /** Keys of metadata that the money can be split by. */
  readonly metadataKeys: readonly string[];
}

export function moneyRoutes({ client, mirror, now }: ScreenPorts) {
  let prices: ReadonlyMap<string, Pricing> | undefined;
  return new Hono()
    .get('/money', valid('query', querySchema), async (context) => {
      const { days, by } = context.req.valid('query');
      const period = periodOf(days, now());
      const { batches, reach } = await readPeriod(mirror, period);
      prices ??= await entryPrices(client.handler);
      const known = prices;
      return context.json<MoneyView>({
        reach,
        spend: spendOf(batches, period, by),
        savings: savingsOf(endedIn(batches, period), (entry) => known.get(entry)),
        metadataKeys: metadataKeys(batches, period),
      });
    })
    .get('/money/budgets', async (context) =>
      context.json<Budgets>(await readBudgets({ client, mirror, now })),
    );
}
