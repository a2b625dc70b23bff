import { describe, expect, it } from 'vitest';
import { Budget, TenantBudgets } from '../../../shared/quota/budget.ts';
import { withSpent } from '../../../shared/quota/providerState.ts';

const NOW = 1_800_000_000_000;
const DAY_MS = 24 * 60 * 60 * 1000;
const state = { schemaVersion: 1 as const, provider: 'p', version: 1 };
/** A dollar for a million tokens of `m`; nobody has said what others cost. */
const priceOf = (model: string) => (model === 'm' ? { input: 1, output: 1 } : undefined);

const budgetOf = (dailyBudget?: number) => new Budget({ priceOf, dailyBudget });
const batch = (
  batchId: string,
  usd: number,
  more: { model?: string; createdAt?: number } = {},
) => ({
  ...{ batchId, model: 'm', createdAt: NOW },
  expected: { inputTokens: usd * 1e6, outputTokens: 0 },
  ...more,
});

describe('a daily budget', () => {
  it('does not limit anything if there is none, also without a price', () => {
    expect(budgetOf().allows(batch('a', 1e9), state, NOW)).toBe(true);
    expect(budgetOf().allows(batch('a', 1, { model: 'n' }), state, NOW)).toBe(true);
  });

  it('counts what was spent today, the jobs at the provider and those that start', () => {
    const budget = budgetOf(10);
    const spent = withSpent(state, 3, NOW);
    budget.commit(batch('running', 2));
    expect(budget.allows(batch('fits', 5), spent, NOW)).toBe(true);
    expect(budget.allows(batch('over', 5.1), spent, NOW)).toBe(false);
    budget.commit(batch('fits', 5));
    expect(budget.allows(batch('late', 0.1), spent, NOW)).toBe(false);
    expect(budget.allows(batch('free', 0), spent, NOW)).toBe(true);
    expect(budget.allows(batch('tomorrow', 3), spent, NOW + DAY_MS)).toBe(true);
    expect([...budget.waits.keys()]).toEqual(['over', 'late']);
  });

  it('keeps batches waiting that exceed it alone or have no price', () => {
    const budget = budgetOf(10);
    expect(budget.allows(batch('huge', 11), state, NOW)).toBe(false);
    expect(budget.allows(batch('unknown', 1, { model: 'n' }), state, NOW)).toBe(false);
    const { model: _, ...unnamed } = batch('unnamed', 1);
    expect(budget.allows(unnamed, state, NOW)).toBe(false);
    expect(budget.allows(batch('small', 1), state, NOW)).toBe(true);
    expect(budget.report()).toEqual({
      dailyBudget: 10,
      committed: 0,
      overBudget: 1,
      unpriced: 2,
      example: 'huge',
    });
  });

  it('ignores jobs at the provider without a price', () => {
    const budget = budgetOf(10);
    budget.commit(batch('old', 99, { model: 'n' }));
    expect(budget.allows(batch('a', 10), state, NOW)).toBe(true);
  });

  it('is reserved once for a batch that has waited a day, so that smaller ones do not overtake it for ever', () => {
    const large = batch('large', 9, { createdAt: NOW - DAY_MS });
    const spent = withSpent(state, 2, NOW);
    const budget = budgetOf(20);
    budget.commit(batch('running', 10));
    expect(budget.allows(batch('young', 9), spent, NOW)).toBe(false);
    expect(budget.allows(batch('small', 8), spent, NOW)).toBe(true);
    expect(budget.allows(large, spent, NOW)).toBe(false);
    expect(budget.allows(large, spent, NOW)).toBe(false);
    expect(budget.committed).toBe(19);
    expect(budget.allows(batch('small', 1), spent, NOW)).toBe(false);
  });

  it('is never reserved for a batch that exceeds it alone', () => {
    const budget = budgetOf(10);
    const huge = batch('huge', 11, { createdAt: NOW - DAY_MS });
    expect(budget.allows(huge, state, NOW)).toBe(false);
    expect(budget.allows(batch('small', 10), state, NOW)).toBe(true);
  });
});

describe('the daily budget of a tenant', () => {
  const ofTenant = (tenant: string, usd: number, more = {}) => ({
    ...batch(`${tenant}-${usd}`, usd, more),
    tenant,
  });
  const stateOf = (dailyBudget: number) =>
    withSpent({ schemaVersion: 1 as const, tenant: 'a', version: 1, dailyBudget }, 3, NOW);

  it('counts what was spent today and its jobs, at all providers together', () => {
    const tenants = new TenantBudgets();
    tenants.add(stateOf(10), 2);
    const [one, other] = [
      new Budget({ priceOf, dailyBudget: undefined }, tenants),
      new Budget({ priceOf, dailyBudget: undefined }, tenants),
    ];
    one.commitRunning(ofTenant('a', 9));
    expect(one.allows(ofTenant('a', 5), state, NOW)).toBe(true);
    one.commit(ofTenant('a', 4));
    expect(other.allows(ofTenant('a', 2), state, NOW)).toBe(false);
    expect(other.allows(ofTenant('a', 1), state, NOW)).toBe(true);
    expect(other.allows(ofTenant('b', 99), state, NOW)).toBe(true);
    expect(other.allows(batch('of-none', 99), state, NOW)).toBe(true);
    const tomorrow = { createdAt: NOW + DAY_MS };
    expect(other.allows(ofTenant('a', 6, tomorrow), state, NOW + DAY_MS)).toBe(false);
    expect(other.allows(ofTenant('a', 4, tomorrow), state, NOW + DAY_MS)).toBe(true);
    expect(other.waits.size).toBe(0);
    expect(tenants.reports(NOW)).toEqual([
      {
        ...{ tenant: 'a', spent: 3, dailyBudget: 10, committed: 6 },
        ...{ overBudget: 2, unpriced: 0, example: 'a-2' },
      },
    ]);
  });

  it('keeps a batch without a price back, and holds beside that of the provider', () => {
    const tenants = new TenantBudgets();
    tenants.add(stateOf(10), 0);
    const budget = new Budget({ priceOf, dailyBudget: 2 }, tenants);
    expect(budget.allows(ofTenant('a', 1, { model: 'n' }), state, NOW)).toBe(false);
    expect([...(tenants.waits.get('a')?.values() ?? [])]).toEqual(['tenant_no_price']);
    expect(budget.allows(ofTenant('a', 3), state, NOW)).toBe(false);
    expect([...budget.waits.values()]).toEqual(['over_budget']);
    expect(budget.allows(ofTenant('a', 2), state, NOW)).toBe(true);
  });

  it('is reserved for a batch that has waited a day', () => {
    const tenants = new TenantBudgets();
    tenants.add(stateOf(10), 2);
    const budget = new Budget({ priceOf, dailyBudget: undefined }, tenants);
    expect(budget.allows(ofTenant('a', 6, { createdAt: NOW - DAY_MS }), state, NOW)).toBe(false);
    expect(budget.allows(ofTenant('a', 1), state, NOW)).toBe(false);
  });
});
