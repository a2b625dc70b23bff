import * as z from 'zod';
import { omitUndefined } from '../omitUndefined.ts';
import { type Reason, shortReason } from './errors.ts';
import { type Counts, requestsToSend, type Selection } from './ledger.ts';

/** Money is in USD, as plain numbers: rounded when it is shown, never when it is added up. */
export const moneySchema = z.number().nonnegative();

/** In USD per million tokens. */
export const priceSchema = z.strictObject({
  input: moneySchema,
  output: moneySchema,
  /** Of input that the provider had in its cache. Default: `input`. */
  cachedInput: moneySchema.optional(),
});
export type Price = z.infer<typeof priceSchema>;

/**
 * What all providers give for batches. https://platform.openai.com/docs/guides/batch,
 * https://platform.claude.com/docs/en/build-with-claude/batch-processing,
 * https://ai.google.dev/gemini-api/docs/batch-api, https://aws.amazon.com/bedrock/pricing/
 */
export const BATCH_DISCOUNT = 0.5;

/** What a provider entry costs, and how much of it may be spent. */
export interface Pricing {
  /** What its batches pay for a model, by the name that requests use. Undefined: nobody has said. */
  priceOf(model: string): Price | undefined;
  /** USD in a UTC day. Undefined: no bound. */
  readonly dailyBudget: number | undefined;
}

/** An entry whose settings say nothing of money. */
export const UNPRICED: Pricing = { priceOf: () => undefined, dailyBudget: undefined };

/** Tokens that are billed. */
export interface BilledTokens {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of the input tokens. */
  readonly cachedTokens?: number | undefined;
}

/**
 * Looks a model up in a table of prices.
 *
 * @param names of one model, the one that counts most first; `*` in the table stands for every
 *   model that it does not name
 */
export function priceIn(
  prices: Readonly<Record<string, Price>>,
  names: readonly string[],
): Price | undefined {
  const name = [...names, '*'].find((each) => Object.hasOwn(prices, each));
  return name === undefined ? undefined : prices[name];
}

/** @param discount on list prices, from 0 to 1 */
export function discounted({ input, output, cachedInput }: Price, discount: number): Price {
  const factor = 1 - discount;
  return omitUndefined({
    input: input * factor,
    output: output * factor,
    cachedInput: cachedInput === undefined ? undefined : cachedInput * factor,
  });
}

/** What tokens cost. An unknown price makes an unknown cost, which is not 0. */
export function costOf(tokens: BilledTokens, price: Price): number;
export function costOf(tokens: BilledTokens, price: Price | undefined): number | undefined;
export function costOf(tokens: BilledTokens, price: Price | undefined): number | undefined {
  if (!price) return undefined;
  const { inputTokens, outputTokens, cachedTokens = 0 } = tokens;
  const { input, output, cachedInput = input } = price;
  const cached = Math.min(cachedTokens, inputTokens);
  return ((inputTokens - cached) * input + cached * cachedInput + outputTokens * output) / 1e6;
}

/** The sum; unknown if a part of it is. */
export function sumCost(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}

/** An input, as far as its cost can be estimated. */
interface Estimate {
  readonly estimatedTokens: number;
  readonly maxOutputTokens?: number | undefined;
  readonly estimatedCost?: number | undefined;
}

/** A batch, as far as the cost of its next job can be estimated. Before an inspection: no input. */
interface Estimated {
  readonly input?: Estimate | undefined;
  readonly counts: Counts;
  readonly selection: Selection;
}

/** What an input is expected to be billed for: its prompts, and the longest answers that it allows. */
export function expectedTokens({ estimatedTokens, maxOutputTokens = 0 }: Estimate): BilledTokens {
  return { inputTokens: estimatedTokens, outputTokens: maxOutputTokens };
}

/** What the batch's next job, or its present one, is billed for: by its share of the requests. */
export function expectedOfJob(batch: Estimated): BilledTokens {
  if (!batch.input) return { inputTokens: 0, outputTokens: 0 };
  const { inputTokens, outputTokens } = expectedTokens(batch.input);
  const share = shareToSend(batch);
  return {
    inputTokens: Math.ceil(inputTokens * share),
    outputTokens: Math.ceil(outputTokens * share),
  };
}

/** The same in USD, at the price that the input was inspected with. */
export function estimatedCostOfJob(batch: Estimated): number | undefined {
  const whole = batch.input?.estimatedCost;
  return whole === undefined ? undefined : whole * shareToSend(batch);
}

function shareToSend(batch: Estimated): number {
  const { total } = batch.counts;
  return total === 0 ? 1 : requestsToSend(batch) / total;
}

/**
 * The price at which the tokens cost most: what a batch is estimated with that may go to any of
 * several entries. Unknown if one of the prices is.
 */
export function dearest(
  prices: readonly (Price | undefined)[],
  tokens: BilledTokens,
): Price | undefined {
  let most: Price | undefined;
  for (const price of prices) {
    if (!price) return undefined;
    if (!most || costOf(tokens, price) > costOf(tokens, most)) most = price;
  }
  return most;
}

/** For people, to the millionth of a dollar. */
export function dollars(amount: number): string {
  return `$${Number(amount.toFixed(6))}`;
}

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
export function costEnd(
  batch: Estimated & {
    readonly spec: { readonly maxCost?: number | undefined };
    readonly cost?: number | undefined;
  },
): Reason | undefined {
  const { cost } = batch;
  const { maxCost } = batch.spec;
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

/** What a part is estimated at and may cost: its share, so that all parts keep within `maxCost`. */
export function costOfPart(
  input: Estimate & { readonly price?: Price | undefined; readonly requests: number },
  slice: Estimate & { readonly requests: number },
  maxCost: number | undefined,
): { readonly estimatedCost?: number; readonly maxCost?: number } {
  if (!input.price || input.estimatedCost === undefined) return {};
  const estimatedCost = costOf(expectedTokens(slice), input.price);
  if (maxCost === undefined) return { estimatedCost };
  const share =
    input.estimatedCost > 0 ? estimatedCost / input.estimatedCost : slice.requests / input.requests;
  return { estimatedCost, maxCost: maxCost * share };
}
