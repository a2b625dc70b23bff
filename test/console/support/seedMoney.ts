import type { PastJob } from '../../../shared/batch/job.ts';
import type { BatchHandlerClient } from '../../../shared/client/client.ts';
import { tenantStore } from '../../../shared/stores/tenants.ts';
import { seedBatch } from './seed.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A key of metadata that must be shown as the text that it is. */
export const HOSTILE_KEY = '<script>alert(1)</script>';
/** A value that a spreadsheet must not take for a formula. */
export const FORMULA = '=HYPERLINK("https://example.com")';

const MILLION = 1_000_000;
/** At the built-in list prices of gpt-5-mini, 2.25 USD: half of that as a batch. */
const USAGE = { inputTokens: MILLION, outputTokens: MILLION, totalTokens: 2 * MILLION };
const MINI_COST = 1.125;

type Seeded = Pick<BatchHandlerClient, 'connection'>;

/** Noon of a day so many days before today, in UTC. Of today, a minute ago, or its beginning. */
function noon(daysAgo: number): number {
  const now = Date.now();
  const today = Math.floor(now / DAY) * DAY;
  return daysAgo === 0 ? Math.max(now - MINUTE, today) : today - daysAgo * DAY + 12 * HOUR;
}

/**
 * Batches with costs and times that tests know: on each of the last 10 days one of gpt-5-mini and, every
 * other day, one of Claude; one of unknown cost; and a job that was refused.
 */
export async function seedMoney(client: Seeded): Promise<void> {
  for (let day = 0; day < 10; day++) {
    await seedEnded(client, day, {
      ...{ batchId: `mini-${day}`, provider: 'openai', model: 'gpt-5-mini', hours: 2 },
      ...{ cost: MINI_COST, usage: USAGE, estimatedCost: 2, tenant: 'shop' },
      metadata: { team: day % 2 ? 'search' : FORMULA, constructor: 'of mine' },
    });
    if (day % 2 === 0)
      await seedEnded(client, day, {
        ...{ batchId: `claude-${day}`, provider: 'claude', model: 'claude-haiku-4-5', hours: 5 },
        // Its prices of today do not give this cost.
        ...{ cost: 0.5, usage: USAGE, estimatedCost: 0.6 },
        metadata: { [HOSTILE_KEY]: '<b>bold</b>' },
      });
  }
  await seedEnded(client, 1, {
    ...{ batchId: 'unknown', provider: 'gemini', model: 'gemini-2.5-flash', hours: 1 },
    ...{ cost: undefined, usage: USAGE, metadata: {} },
  });
  const refused = jobOf('openai', { begunAt: noon(1) - HOUR, hours: 0.05, requests: 1_000 });
  await seedBatch(client, {
    ...{ batchId: 'refused-once', status: 'queued', age: Date.now() - noon(1) + 2 * HOUR },
    ...{ model: 'gpt-5-mini', requests: 1_000 },
    changes: {
      attempt: 0,
      pastJobs: [{ ...refused, end: 'failed', code: 'token_limit_exceeded', succeeded: 0 }],
      spec: { tenant: 'shop' },
    },
  });
  await seedStates(client);
}

interface SeededEnd {
  readonly batchId: string;
  readonly provider: string;
  readonly model: string;
  /** How long its job took. The batch was added an hour before it. */
  readonly hours: number;
  readonly cost: number | undefined;
  readonly usage: typeof USAGE;
  readonly estimatedCost?: number;
  readonly tenant?: string;
  readonly metadata: Record<string, string>;
}

async function seedEnded(client: Seeded, daysAgo: number, batch: SeededEnd): Promise<void> {
  const { batchId, provider, model, hours, cost, usage, estimatedCost, tenant, metadata } = batch;
  const endedAt = noon(daysAgo);
  const begunAt = endedAt - hours * HOUR;
  await seedBatch(client, {
    ...{ batchId, status: 'completed', model, requests: 1_000 },
    age: Date.now() - begunAt + HOUR,
    changes: {
      ...{ provider, cost, usage, endedAt, statusAt: endedAt },
      pastJobs: [jobOf(provider, { begunAt, hours, requests: 1_000 })],
      input: {
        ...{ key: `batches/${batchId}/input.jsonl`, bytes: 1, requests: 1_000, model },
        ...{ endpoint: '/v1/chat/completions', estimatedTokens: 120_000, estimatedCost },
      },
      spec: { providers: [provider], metadata, tenant },
    },
  });
}

interface SeededJob {
  readonly begunAt: number;
  readonly hours: number;
  readonly requests: number;
}

function jobOf(provider: string, { begunAt, hours, requests }: SeededJob): PastJob {
  return {
    ...{ id: `job-${begunAt}`, provider, attempt: 1, submittedAt: begunAt },
    endedAt: begunAt + hours * HOUR,
    ...{ end: 'completed', requests, succeeded: requests },
  };
}

/** What was spent today, and the limit that a refusal has taught. */
async function seedStates({ connection: { items, providerStates } }: Seeded): Promise<void> {
  const today = Math.floor(Date.now() / DAY);
  const openai = await providerStates.get('openai');
  await providerStates.replace({
    ...openai,
    version: openai.version + 1,
    spent: { day: today, amount: 49.9999 },
    ceilings: {
      'gpt-5-mini': {
        ...{ tokens: 100_000, accepted: 3, probeAfter: 16, probed: false },
        ...{ refusedAt: Date.now() - HOUR, steadySince: Date.now() - HOUR },
      },
    },
  });
  const tenants = tenantStore(items);
  const shop = await tenants.get('shop');
  await tenants.replace({
    ...{ ...shop, version: shop.version + 1, dailyBudget: 5 },
    spent: { day: today, amount: 1.25 },
  });
}
