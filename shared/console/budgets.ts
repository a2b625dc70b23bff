import pMap from 'p-map';
import type { BatchHandlerClient } from '../client/client.ts';
import { DAY_MS, spentToday } from '../quota/providerState.ts';
import { iso } from '../quota/waitingText.ts';
import { apiKeyStore } from '../stores/apiKeys.ts';
import { tenantStore } from '../stores/tenants.ts';
import type { HeldBatch } from './mirror.ts';

/** What was spent today, by UTC, beside what may be. Money is in USD. */
export interface DayBudget {
  readonly name: string;
  readonly spent: number;
  /** Absent: no limit, or one that is not known. */
  readonly budget?: number;
  /** Batches that wait until there is more of it. */
  readonly waiting: number;
}

export interface Budgets {
  readonly providers: readonly DayBudget[];
  /** Tenants that have a budget, or have spent something today. */
  readonly tenants: readonly DayBudget[];
  /** Whether there are more tenants than were read. */
  readonly hasMoreTenants: boolean;
  /** When the next day begins, in ISO 8601. */
  readonly renewsAt: string;
}

/** Tenants that are looked up for one answer, and keys of the API that are read to find them. */
const MAX_TENANTS = 200;
const MAX_KEYS = 1_000;

/**
 * Reads what was spent today.
 *
 * @param batches the newest
 * @throws the error of the table
 */
export async function readBudgets(
  { connection: { items }, providers }: Pick<BatchHandlerClient, 'connection' | 'providers'>,
  batches: readonly HeldBatch[],
  now: number,
): Promise<Budgets> {
  const waits = budgetWaits(batches);
  const names = await tenantNames(items, batches);
  const tenants = await pMap(
    names.slice(0, MAX_TENANTS),
    async (name): Promise<readonly DayBudget[]> => {
      const state = await tenantStore(items).get(name);
      const { dailyBudget: budget } = state;
      const spent = spentToday(state, now);
      const waiting = waits.tenants.get(name) ?? 0;
      if (budget === undefined && spent === 0) return [];
      return [{ name, spent, ...(budget !== undefined && { budget }), waiting }];
    },
    { concurrency: 10 },
  );
  const entries = (await providers()).map(
    ({ provider: name, spentToday: spent, dailyBudget: budget }) => ({
      ...{ name, spent, waiting: waits.providers.get(name) ?? 0 },
      ...(budget !== undefined && { budget }),
    }),
  );
  return {
    providers: entries,
    tenants: tenants.flat().sort((a, b) => b.spent - a.spent || (a.name < b.name ? -1 : 1)),
    hasMoreTenants: names.length > MAX_TENANTS,
    renewsAt: iso((Math.floor(now / DAY_MS) + 1) * DAY_MS),
  };
}

/** How many batches wait for the budget of which entry, and of which tenant. */
function budgetWaits(batches: readonly HeldBatch[]) {
  const providers = new Map<string, number>();
  const tenants = new Map<string, number>();
  const count = (counts: Map<string, number>, name: string) =>
    counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const { waitingFor } of batches) {
    if (waitingFor?.kind === 'budget') count(providers, waitingFor.provider);
    if (waitingFor?.kind === 'tenant_budget') count(tenants, waitingFor.tenant);
  }
  return { providers, tenants };
}

/** The tenants of the newest batches, and then those that have keys of the API. */
async function tenantNames(
  items: BatchHandlerClient['connection']['items'],
  batches: readonly HeldBatch[],
): Promise<readonly string[]> {
  const names = new Set<string>();
  for (const { tenant } of batches) if (tenant !== undefined) names.add(tenant);
  let keys = 0;
  for await (const page of apiKeyStore(items).list()) {
    for (const { tenant } of page) if (tenant !== undefined) names.add(tenant);
    keys += page.length;
    if (keys >= MAX_KEYS || names.size > MAX_TENANTS) break;
  }
  return [...names];
}
