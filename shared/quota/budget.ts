import { type BilledTokens, costOf, type Pricing } from '../batch/cost.ts';
import { type ProviderState, spentToday } from './providerState.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Why a budget keeps a batch back. */
export type BudgetHold = 'over_budget' | 'no_price';

interface Candidate {
  readonly batchId: string;
  readonly model?: string | undefined;
  readonly expected: BilledTokens;
  readonly createdAt: number;
}

/** What one entry may still spend today, as the sweep gives it away. */
export class Budget {
  /** Estimated for what is at the provider, and kept for what has waited long, in USD. */
  committed = 0;
  /** Batches that it keeps back. */
  readonly held = new Map<string, BudgetHold>();
  readonly #pricing: Pricing;

  constructor(pricing: Pricing) {
    this.#pricing = pricing;
  }

  /** Counts what is at the provider, or goes there now. */
  commit(batch: Pick<Candidate, 'model' | 'expected'>): void {
    // What has no price was started before there was a budget: nothing is known of it.
    this.committed += this.#costOf(batch) ?? 0;
  }

  /**
   * Whether the batch may start. A day after it was added, money is kept for one that a whole
   * budget would do for, so that smaller ones do not go before it for ever.
   */
  allows(batch: Candidate, state: ProviderState, now: number): boolean {
    const { dailyBudget } = this.#pricing;
    if (dailyBudget === undefined) return true;
    const cost = this.#costOf(batch);
    if (cost === undefined) {
      this.held.set(batch.batchId, 'no_price');
      return false;
    }
    if (spentToday(state, now) + this.committed + cost <= dailyBudget) return true;
    const isKept = !this.held.has(batch.batchId) && now - batch.createdAt >= DAY_MS;
    if (isKept && cost <= dailyBudget) this.committed += cost;
    this.held.set(batch.batchId, 'over_budget');
    return false;
  }

  /** For the log: how many are kept back for which reason, one of them, and the figures, in USD. */
  report(): object {
    const { dailyBudget } = this.#pricing;
    const [example] = this.held.keys();
    const holds = [...this.held.values()];
    const unpriced = holds.filter((hold) => hold === 'no_price').length;
    const overBudget = holds.length - unpriced;
    return { dailyBudget, committed: this.committed, overBudget, unpriced, example };
  }

  #costOf({ model = '', expected }: Pick<Candidate, 'model' | 'expected'>): number | undefined {
    return costOf(expected, this.#pricing.priceOf(model));
  }
}
