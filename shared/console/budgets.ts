import { omitUndefined } from '../omitUndefined.ts';
import { DAY_MS } from '../quota/providerState.ts';
import { iso } from '../quota/waitingText.ts';
import type { HeldBatch } from './heldBatches.ts';
import type { ScreenPorts } from './ports.ts';
import { readTenants } from './tenants.ts';

/** What was spent today, by UTC, beside what may be. Money is in USD. */
export interface DayBudget {
  readonly name: string;
  readonly spent: number;
  /** Absent: no limit. */
  readonly budget?: number;
  /** Batches that wait until there is more of it. */
  readonly waiting: number;
}

export interface Budgets {
  readonly providers: readonly DayBudget[];
  /** Tenants that have a budget, or have spent something today. Who has spent the most is first. */
  readonly tenants: readonly DayBudget[];
  /** Whether there are more tenants than were read. */
  readonly hasMoreTenants: boolean;
  /** When the next day begins, in ISO 8601. */
  readonly renewsAt: string;
}

/**
 * Reads what was spent today at every provider entry and by every tenant.
 *
 * @throws the error of the table
 */
export async function readBudgets(
  ports: Pick<ScreenPorts, 'client' | 'mirror' | 'now'>,
): Promise<Budgets> {
  const [infos, { tenants, hasMoreTenants }] = await Promise.all([
    ports.client.providers(),
    readTenants(ports),
  ]);
  const waits = budgetWaits(ports.mirror.held());
  const renewsAt = iso((Math.floor(ports.now() / DAY_MS) + 1) * DAY_MS);
  return {
    ...{ hasMoreTenants, renewsAt },
    providers: infos.map(({ provider: name, spentToday: spent, dailyBudget: budget }) =>
      omitUndefined({ name, spent, budget, waiting: waits.providers.get(name) ?? 0 }),
    ),
    tenants: tenants
      .map(({ tenant: name, spentToday: spent, dailyBudget: budget }) =>
        omitUndefined({ name, spent, budget, waiting: waits.tenants.get(name) ?? 0 }),
      )
      .filter(({ spent, budget }) => spent > 0 || budget !== undefined)
      .sort((a, b) => b.spent - a.spent || (a.name < b.name ? -1 : 1)),
  };
}

/** How many batches wait for the budget of which entry, and of which tenant. */
function budgetWaits(batches: Iterable<HeldBatch>) {
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
