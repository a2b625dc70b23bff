import { costOf, type Pricing } from '../batch/cost.ts';
import type { BatchInfo } from '../client/batchInfo.ts';

/** The fields of a batch that say what it cost and what the same tokens would cost otherwise. */
type PricedBatch = Pick<BatchInfo, 'cost' | 'usage' | 'provider' | 'model'>;

/** Why nothing is said of what a batch has saved. */
export type NotCompared =
  /** Its cost is not known. */
  | 'unknown_cost'
  /** The deployment no longer has its provider entry, or its settings cannot be read. */
  | 'no_entry'
  /** Its model has no price at the entry any more. */
  | 'no_price'
  /** Neither the entry nor its provider states a discount: its prices may be those of batches already. */
  | 'no_discount'
  /** The prices of today do not give its cost: they have changed, or it ran at several entries. */
  | 'other_prices';

/** What batches cost beside what live calls would have. Money is in USD. */
export interface Savings {
  /** Batches of which both are known, and that were billed for tokens. */
  readonly batches: number;
  readonly paid: number;
  readonly live: number;
  readonly leftOut: readonly {
    readonly why: NotCompared;
    readonly batches: number;
    /** What they have cost, as far as it is known. */
    readonly paid: number;
    /** The entries that they are of, at most 12. */
    readonly providers: readonly string[];
  }[];
}

/** The prices of the provider entries. Undefined for an entry that there is not. */
export type PricesOf = (provider: string) => Pick<Pricing, 'priceOf' | 'listPriceOf'> | undefined;

const MAX_NAMED = 12;
/** Sums of the same amounts in another order differ by less than this share. */
const ROUNDING = 1e-6;

/**
 * What the tokens of batches would have cost at the list prices, without the discount for batches. A
 * batch counts only if the prices that are known now give the cost that it had: then its list price of
 * that time is known, too, and nothing is guessed.
 */
export function savingsOf(batches: readonly PricedBatch[], pricesOf: PricesOf): Savings {
  const leftOut = new Map<NotCompared, { batches: number; paid: number; providers: Set<string> }>();
  const sum = { batches: 0, paid: 0, live: 0 };
  for (const batch of batches) {
    const { cost, usage, provider } = batch;
    if (cost === 0 && usage.totalTokens === 0) continue;
    const live = liveCost(batch, pricesOf);
    if (typeof live === 'number') {
      sum.batches += 1;
      sum.paid += cost ?? 0;
      sum.live += live;
      continue;
    }
    const group = leftOut.get(live) ?? { batches: 0, paid: 0, providers: new Set() };
    group.batches += 1;
    group.paid += cost ?? 0;
    if (group.providers.size < MAX_NAMED) group.providers.add(provider);
    leftOut.set(live, group);
  }
  const reasons = [...leftOut].map(([why, { providers, ...counts }]) => ({
    ...{ why, ...counts },
    providers: [...providers],
  }));
  return { ...sum, leftOut: reasons.sort((a, b) => b.batches - a.batches) };
}

function liveCost(
  { cost, usage, provider, model = '' }: PricedBatch,
  pricesOf: PricesOf,
): number | NotCompared {
  if (cost === null) return 'unknown_cost';
  const prices = pricesOf(provider);
  if (!prices) return 'no_entry';
  const price = prices.priceOf(model);
  if (!price) return 'no_price';
  const list = prices.listPriceOf?.(model);
  if (!list) return 'no_discount';
  const isSame = Math.abs(costOf(usage, price) - cost) <= cost * ROUNDING;
  return isSame ? costOf(usage, list) : 'other_prices';
}
