import { withSpent } from '../quota/providerState.ts';
import type { TenantState } from '../quota/tenantState.ts';
import type { Dependencies } from './dependencies.ts';
import { updateState } from './updateState.ts';

/**
 * Changes a tenant's state.
 *
 * @throws Error after 20 lost races in a row
 */
export async function updateTenant(
  { tenants }: Pick<Dependencies, 'tenants'>,
  tenant: string,
  change: (state: TenantState) => TenantState,
): Promise<void> {
  await updateState(tenants, { what: 'tenant', name: tenant }, change);
}

/** Counts the cost of a job, in USD, towards the budget of the day of its tenant. */
export async function noteSpentBy(
  ports: Pick<Dependencies, 'tenants' | 'clock'>,
  tenant: string,
  amount: number,
): Promise<void> {
  await updateTenant(ports, tenant, (state) => withSpent(state, amount, ports.clock.now()));
}
