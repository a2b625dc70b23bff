import { costOf, dearest, expectedTokens, type Pricing } from '../../batch/cost.ts';
import type { Input } from '../../batch/input.ts';

/** What an input is expected to cost, at the dearest of the entries that it may go to. */
export function estimateCost(
  input: Pick<Input, 'estimatedTokens' | 'maxOutputTokens'>,
  pricings: readonly Pricing[],
  model: string,
): Pick<Input, 'price' | 'estimatedCost'> {
  const tokens = expectedTokens(input);
  const prices = pricings.map((pricing) => pricing.priceOf(model));
  const price = dearest(prices, tokens);
  return price ? { price, estimatedCost: costOf(tokens, price) } : {};
}
