import type { Batch } from './batch.ts';
import { costOf, dollars, estimatedCostOfJob, expectedTokens } from './cost.ts';
import type { Slice } from './input.ts';
import { type Reason, shortReason } from './reason.ts';

/** A message's promise to spend no more than `maxCost`, as far as an estimate can keep it. */

/**
 * Why an input may not start.
 *
 * @param estimate in USD; undefined if the model has no price
 */
export function costRefusal(
  maxCost: number | undefined,
  estimate: number | undefined,
  model: string,
): Reason | undefined {
  if (maxCost === undefined) return undefined;
  if (estimate === undefined) {
    const message = `maxCost is ${dollars(maxCost)}, and model ${JSON.stringify(model)} has no price at every provider that the batch may go to: set "prices" there, or leave maxCost out`;
    return shortReason('no_price', message);
  }
  if (estimate <= maxCost) return undefined;
  const message = `the batch is estimated to cost ${dollars(estimate)}, over its maxCost of ${dollars(maxCost)}: raise that, ask for shorter answers, or send fewer requests`;
  return shortReason('over_max_cost', message);
}

/** Why what is unfinished may not run again. */
export function costEnd(batch: Batch): Reason | undefined {
  const { maxCost, cost } = batch;
  if (maxCost === undefined) return undefined;
  const estimate = estimatedCostOfJob(batch);
  if (cost === undefined || estimate === undefined)
    return shortReason(
      'max_cost',
      `it is not known what the batch has cost, and its maxCost is ${dollars(maxCost)}: what is unfinished is not run again`,
    );
  if (cost + estimate <= maxCost) return undefined;
  const message = `the batch has cost ${dollars(cost)}, what is unfinished is estimated at ${dollars(estimate)}, and its maxCost is ${dollars(maxCost)}: it is not run again`;
  return shortReason('max_cost', message);
}

/** What a part may cost and is estimated at: its share, so that all parts together keep the promise. */
export function moneyOfPart(
  { maxCost, input }: Pick<Batch, 'maxCost' | 'input'>,
  slice: Slice,
): { readonly maxCost?: number; readonly estimate?: number } {
  if (!input?.price || input.estimatedCost === undefined) return {};
  const estimate = costOf(expectedTokens(slice), input.price);
  if (maxCost === undefined) return { estimate };
  const share =
    input.estimatedCost > 0 ? estimate / input.estimatedCost : slice.requests / input.requests;
  return { estimate, maxCost: maxCost * share };
}
