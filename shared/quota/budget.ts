import { type BilledTokens, costOf, type Pricing } from '../batch/cost.ts';
import { DAY_MS, type ProviderState, spentToday } from './providerState.ts';
import type { TenantState } from './tenantState.ts';

/** Why a batch waits for a budget: that of the provider, or (`tenant_…`) that of its tenant. */
export type BudgetWait = 'over_budget' | 'no_price' | 'tenant_over_budget' | 'tenant_no_price';

interface BudgetCandidate {
  readonly batchId: string;
  readonly tenant?: string | undefined;
  readonly model?: string | undefined;
  readonly expected: BilledTokens;
  readonly createdAt: number;
}

/** One daily budget, as one sweep allots it. */
class Allotment {
  /** Estimated cost, in USD, of jobs at the provider and of batches that money is reserved for. */
  committed = 0;
  readonly #reservedFor = new Set<string>();

  /**
   * Whether the budget is enough for a batch. A day after a batch was added, money is reserved for it if a
   * whole budget is enough for it, so that smaller batches do not overtake it for ever.
   *
   * @param cost in USD, as are the budget and what was spent of it
   */
  allows(
    { batchId, createdAt }: BudgetCandidate,
    { cost, spent, budget, now }: { cost: number; spent: number; budget: number; now: number },
  ): boolean {
    if (spent + this.committed + cost <= budget) return true;
    const isOld = now - createdAt >= DAY_MS;
    if (isOld && cost <= budget && !this.#reservedFor.has(batchId)) this.committed += cost;
    this.#reservedFor.add(batchId);
    return false;
  }
}

/** The daily budgets of the tenants, over all providers, as one sweep allots them. */
export class TenantBudgets {
  readonly #known = new Map<
    string,
    { readonly state: TenantState; readonly allotment: Allotment }
  >();
  /** How many batches of each tenant wait for its budget, and for a price, and one of them. */
  readonly waits = new Map<string, Map<string, BudgetWait>>();

  /** Whether the state of a tenant was added. */
  has(tenant: string): boolean {
    return this.#known.has(tenant);
  }

  /** @param committed estimated cost of the jobs of the tenant at all providers, in USD */
  add(state: TenantState, committed: number): void {
    const allotment = new Allotment();
    allotment.committed = committed;
    this.#known.set(state.tenant, { state, allotment });
  }

  commit({ tenant = '' }: Pick<BudgetCandidate, 'tenant'>, cost: number): void {
    const known = this.#known.get(tenant);
    if (known) known.allotment.committed += cost;
  }

  /** @param cost undefined if the model has no price */
  waitOf(batch: BudgetCandidate, cost: number | undefined, now: number): BudgetWait | undefined {
    const { batchId, tenant = '' } = batch;
    const { state, allotment } = this.#known.get(tenant) ?? {};
    const budget = state?.dailyBudget;
    if (!state || !allotment || budget === undefined) return undefined;
    const spent = spentToday(state, now);
    const isEnough = cost !== undefined && allotment.allows(batch, { cost, spent, budget, now });
    if (isEnough) return undefined;
    const wait = cost === undefined ? 'tenant_no_price' : 'tenant_over_budget';
    const waits = this.waits.get(tenant) ?? new Map<string, BudgetWait>();
    this.waits.set(tenant, waits.set(batchId, wait));
    return wait;
  }

  /** Fields for the log, for each tenant with a batch that waits for its budget. */
  reports(now: number): readonly object[] {
    return [...this.waits].map(([tenant, waits]) => {
      const { state, allotment } = this.#known.get(tenant) ?? {};
      const spent = state && spentToday(state, now);
      const { dailyBudget } = state ?? {};
      const { overBudget, unpriced, example } = summaryOf(waits, 'tenant_no_price');
      const committed = allotment?.committed;
      return { tenant, spent, dailyBudget, committed, overBudget, unpriced, example };
    });
  }
}

function summaryOf(waits: ReadonlyMap<string, BudgetWait>, noPrice: BudgetWait) {
  const [example] = waits.keys();
  const unpriced = [...waits.values()].filter((wait) => wait === noPrice).length;
  return { overBudget: waits.size - unpriced, unpriced, example };
}

/** The daily budget of one provider entry, as one sweep allots it, with those of its batches' tenants. */
export class Budget {
  /** Batches that wait for the budget of the provider, by id. */
  readonly waits = new Map<string, BudgetWait>();
  readonly #allotment = new Allotment();
  readonly #pricing: Pricing;
  readonly #tenants: TenantBudgets;

  constructor(pricing: Pricing, tenants = new TenantBudgets()) {
    this.#pricing = pricing;
    this.#tenants = tenants;
  }

  /** Estimated cost, in USD, of jobs at the provider and of batches that money is reserved for. */
  get committed(): number {
    return this.#allotment.committed;
  }

  /** Counts a job that is at the provider. Those of its tenant are counted already. */
  commitRunning(batch: Pick<BudgetCandidate, 'model' | 'expected'>): void {
    // A job without a price was started before there was a budget: its cost is unknown.
    this.#allotment.committed += this.#costOf(batch) ?? 0;
  }

  /** Counts a job that starts now. */
  commit(batch: Pick<BudgetCandidate, 'tenant' | 'model' | 'expected'>): void {
    this.commitRunning(batch);
    this.#tenants.commit(batch, this.#costOf(batch) ?? 0);
  }

  /** Whether the batch may start, by the budget of its tenant and by that of the provider. */
  allows(batch: BudgetCandidate, state: ProviderState, now: number): boolean {
    const cost = this.#costOf(batch);
    if (this.#tenants.waitOf(batch, cost, now) !== undefined) return false;
    const { dailyBudget: budget } = this.#pricing;
    if (budget === undefined) return true;
    if (cost === undefined) {
      this.waits.set(batch.batchId, 'no_price');
      return false;
    }
    const spent = spentToday(state, now);
    if (this.#allotment.allows(batch, { cost, spent, budget, now })) return true;
    this.waits.set(batch.batchId, 'over_budget');
    return false;
  }

  /** Fields for the log: how many batches wait for which reason, one of them, and the sums in USD. */
  report(): object {
    const { dailyBudget } = this.#pricing;
    return { dailyBudget, committed: this.committed, ...summaryOf(this.waits, 'no_price') };
  }

  #costOf({ model = '', expected }: Pick<BudgetCandidate, 'model' | 'expected'>) {
    return costOf(expected, this.#pricing.priceOf(model));
  }
}
