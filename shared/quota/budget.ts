import { type BilledTokens, costOf, type Pricing } from '../batch/cost.ts';
import { type ProviderState, spentToday } from './providerState.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Why a batch waits for the budget. */
export type BudgetWait = 'over_budget' | 'no_price';

interface BudgetCandidate {
  readonly batchId: string;
  readonly model?: string | undefined;
  readonly expected: BilledTokens;
  readonly createdAt: number;
}

/** The daily budget of one provider entry, as one sweep allots it. */
export class Budget {
  /** Estimated cost, in USD, of jobs at the provider and of batches that money is reserved for. */
  committed = 0;
  /** Batches that wait for the budget, by id. */
  readonly waits = new Map<string, BudgetWait>();
  readonly #pricing: Pricing;

  constructor(pricing: Pricing) {
    this.#pricing = pricing;
  }

  /** Counts a job that is at the provider, or that starts now. */
  commit(batch: Pick<BudgetCandidate, 'model' | 'expected'>): void {
    // A job without a price was started before there was a budget: its cost is unknown.
    this.committed += this.#costOf(batch) ?? 0;
  }

  /**
   * Whether the batch may start. A day after a batch was added, money is reserved for it if a whole
   * budget is enough for it, so that smaller batches do not overtake it for ever.
   */
  allows(batch: BudgetCandidate, state: ProviderState, now: number): boolean {
    const { dailyBudget } = this.#pricing;
    if (dailyBudget === undefined) return true;
    const cost = this.#costOf(batch);
    if (cost === undefined) {
      this.waits.set(batch.batchId, 'no_price');
      return false;
    }
    if (spentToday(state, now) + this.committed + cost <= dailyBudget) return true;
    const isReserved = !this.waits.has(batch.batchId) && now - batch.createdAt >= DAY_MS;
    if (isReserved && cost <= dailyBudget) this.committed += cost;
    this.waits.set(batch.batchId, 'over_budget');
    return false;
  }

  /** Fields for the log: how many batches wait for which reason, one of them, and the sums in USD. */
  report(): object {
    const { dailyBudget } = this.#pricing;
    const [example] = this.waits.keys();
    const waits = [...this.waits.values()];
    const unpriced = waits.filter((wait) => wait === 'no_price').length;
    const overBudget = waits.length - unpriced;
    return { dailyBudget, committed: this.committed, overBudget, unpriced, example };
  }

  #costOf({ model = '', expected }: Pick<BudgetCandidate, 'model' | 'expected'>) {
    return costOf(expected, this.#pricing.priceOf(model));
  }
}
