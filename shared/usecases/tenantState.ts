import { withSpent } from '../quota/providerState.ts';
import type { TenantState } from '../quota/tenantState.ts';
import type { Dependencies } from './dependencies.ts';

/** Lost races after which a change is given up. */
const MAX_CONFLICTS = 20;

/**
 * Changes a tenant's state: reads it, applies the change and writes it, again and again until no other
 * writer has come in between.
 *
 * @throws Error after 20 lost races in a row
 */
export async function updateTenant(
  { tenants }: Pick<Dependencies, 'tenants'>,
  tenant: string,
  change: (state: TenantState) => TenantState,
): Promise<void> {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const state = await tenants.get(tenant);
    const next = { ...change(state), version: state.version + 1 };
    if ((await tenants.replace(next)) === 'written') return;
  }
  throw new Error(`the state of tenant ${tenant} met another writer ${MAX_CONFLICTS} times`);
}

/** Counts the cost of a job, in USD, towards the budget of the day of its tenant. */
export async function noteSpentBy(
  ports: Pick<Dependencies, 'tenants' | 'clock'>,
  tenant: string,
  amount: number,
): Promise<void> {
  await updateTenant(ports, tenant, (state) => withSpent(state, amount, ports.clock.now()));
}
