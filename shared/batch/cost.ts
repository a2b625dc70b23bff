import * as z from 'zod';
import { omitUndefined } from '../omitUndefined.ts';
import { saturated } from './bounds.ts';
import { type Reason, shortReason } from './errors.ts';
import { type Counts, requestsToSend, type Selection } from './ledger.ts';

/** Money is in USD, as plain numbers. It is rounded when it is shown, never when it is added up. */
export const moneySchema = z.number().nonnegative();

/** Prices in USD per million tokens. */
export const priceSchema = z.strictObject({
  input: moneySchema,
  output: moneySchema,
  /** Price of input from the provider's cache. Default: `input`. */
  cachedInput: moneySchema.optional(),
  /** Price of input that is written to the cache: for 5 minutes at Claude, 30 at OpenAI. Default: `input`. */
  cacheWrite: moneySchema.optional(),
  /** The same for the longer lifetime: an hour at Claude, 12 hours at OpenAI. Default: `cacheWrite`. */
  longCacheWrite: moneySchema.optional(),
});
export type Price = z.infer<typeof priceSchema>;

/** In the place of a price: what the list of prices says that comes with the handler. */
export const BUILTIN = 'builtin';
/** Prices by model. `*` stands for every model that it does not name. */
export const priceTableSchema = z.union(
  [z.literal(BUILTIN), z.record(z.string().min(1), z.union([priceSchema, z.literal(BUILTIN)]))],
  {
    error: `must be "${BUILTIN}", or for each model "${BUILTIN}" or its prices, such as {"input": 0.25, "output": 2}`,
  },
);
export type PriceTable = z.infer<typeof priceTableSchema>;

/** The prices of a provider entry, and its budget. */
export interface Pricing {
  /** The price of a model in batches, by the name that requests use; undefined if it is not known. */
  priceOf(model: string): Price | undefined;
  /**
   * The price of a model in calls that are no batch, if it is known and the entry or its kind states what
   * batches get off it. Otherwise the entry's prices may be those of batches already.
   */
  listPriceOf?(model: string): Price | undefined;
  /** USD per UTC day. Undefined: no limit. */
  readonly dailyBudget: number | undefined;
  /** Of which day the built-in prices are. Undefined: all prices are the entry's own. */
  readonly builtinDate?: string | undefined;
}

/** An entry without prices and without a budget. */
export const UNPRICED: Pricing = { priceOf: () => undefined, dailyBudget: undefined };

/** Billed tokens. */
export interface BilledTokens {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Part of the input tokens. */
  readonly cachedTokens?: number | undefined;
  /** Another part of them, for either lifetime. */
  readonly cacheWriteTokens?: number | undefined;
  /** Part of those. */
  readonly longCacheWriteTokens?: number | undefined;
}

/**
 * Looks a model up in a table of prices.
 *
 * @param names the names of one model, in order of precedence; `*` in the table stands for every
 *   model that it does not name
 */
export function priceIn<P>(
  prices: Readonly<Record<string, P>>,
  names: readonly string[],
): P | undefined {
  const name = [...names, '*'].find((each) => Object.hasOwn(prices, each));
  return name === undefined ? undefined : prices[name];
}

/**
 * @param discount fraction of the list prices, from 0 to 1
 * @param isOfCache whether it holds for input from the cache, which has a discount of its own
 */
export function discounted(list: Price, discount: number, isOfCache = true): Price {
  const factor = 1 - discount;
  const less = Object.entries(list).map(([name, price]) => [name, price && price * factor]);
  const { cachedInput } = list;
  return omitUndefined({
    ...Object.fromEntries(less),
    ...(!isOfCache && { cachedInput }),
  }) as Price;
}

/** The cost of tokens in USD. Without a price it is unknown, which is not 0. */
export function costOf(tokens: BilledTokens, price: Price): number;
export function costOf(tokens: BilledTokens, price: Price | undefined): number | undefined;
export function costOf(tokens: BilledTokens, price: Price | undefined): number | undefined {
  if (!price) return undefined;
  const { inputTokens, outputTokens, cachedTokens = 0 } = tokens;
  const { cacheWriteTokens = 0, longCacheWriteTokens = 0 } = tokens;
  const { input, output, cachedInput = input, cacheWrite = input } = price;
  const { longCacheWrite = cacheWrite } = price;
  // The numbers are a provider's: no part is more than what is left of the whole.
  const cached = Math.min(cachedTokens, inputTokens);
  const written = Math.min(cacheWriteTokens, inputTokens - cached);
  const long = Math.min(longCacheWriteTokens, written);
  const inputCost =
    (inputTokens - cached - written) * input +
    cached * cachedInput +
    (written - long) * cacheWrite +
    long * longCacheWrite;
  return saturated((inputCost + outputTokens * output) / 1e6);
}

/** The sum; undefined, that is unknown, if one of the two is. */
export function sumCost(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : saturated(a + b);
}

/** The fields of an input from which its cost is estimated. */
interface InputEstimate {
  readonly estimatedTokens: number;
  readonly maxOutputTokens?: number | undefined;
  readonly estimatedCost?: number | undefined;
}

/** The fields of a batch from which the cost of its next job is estimated. */
interface EstimatedBatch {
  /** Absent before the inspection. */
  readonly input?: InputEstimate | undefined;
  readonly counts: Counts;
  readonly selection: Selection;
}

/** The tokens that an input is expected to be billed for: its prompts and the longest answers it allows. */
export function expectedTokens({
  estimatedTokens,
  maxOutputTokens = 0,
}: InputEstimate): BilledTokens {
  return { inputTokens: estimatedTokens, outputTokens: maxOutputTokens };
}

/** The expected tokens of the batch's present or next job, by its share of the requests. */
export function expectedOfJob(batch: EstimatedBatch): BilledTokens {
  if (!batch.input) return { inputTokens: 0, outputTokens: 0 };
  const { inputTokens, outputTokens } = expectedTokens(batch.input);
  const share = shareToSend(batch);
  return {
    inputTokens: Math.ceil(inputTokens * share),
    outputTokens: Math.ceil(outputTokens * share),
  };
}

/** The expected cost of that job in USD, at the price of the inspection. */
export function estimatedCostOfJob(batch: EstimatedBatch): number | undefined {
  const whole = batch.input?.estimatedCost;
  return whole === undefined ? undefined : whole * shareToSend(batch);
}

function shareToSend(batch: EstimatedBatch): number {
  const { total } = batch.counts;
  return total === 0 ? 1 : requestsToSend(batch) / total;
}

/**
 * The price at which the tokens cost most. It is used for the estimate of a batch that may run at
 * several entries. Undefined if one of the prices is not known.
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

/** An amount for people, rounded to a millionth of a dollar. */
export function dollars(amount: number): string {
  return `$${Number(amount.toFixed(6))}`;
}

/**
 * Why an input must not start because of its `maxCost`.
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
    const message = `maxCost is ${dollars(maxCost)}, and model ${JSON.stringify(model)} does not have a price at every provider entry of the batch: set "prices" there, or leave maxCost out`;
    return shortReason('no_price', message);
  }
  if (estimate <= maxCost) return undefined;
  const message = `the batch is estimated to cost ${dollars(estimate)}, over its maxCost of ${dollars(maxCost)}: raise that, ask for shorter answers, or send fewer requests`;
  return shortReason('over_max_cost', message);
}

/** Why the unfinished requests must not run again because of the batch's `maxCost`. */
export function costEnd(
  batch: EstimatedBatch & {
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
      `the cost of the batch so far is not known, and its maxCost is ${dollars(maxCost)}: the unfinished requests are not run again`,
    );
  if (cost + estimate <= maxCost) return undefined;
  const message = `the batch has cost ${dollars(cost)}, the unfinished requests are estimated at ${dollars(estimate)}, and its maxCost is ${dollars(maxCost)}: they are not run again`;
  return shortReason('max_cost', message);
}

/** The estimate and the share of `maxCost` of one part. The shares of all parts sum up to `maxCost`. */
export function costOfPart(
  input: InputEstimate & { readonly price?: Price | undefined; readonly requests: number },
  slice: InputEstimate & { readonly requests: number },
  maxCost: number | undefined,
): { readonly estimatedCost?: number; readonly maxCost?: number } {
  if (!input.price || input.estimatedCost === undefined) return {};
  const estimatedCost = costOf(expectedTokens(slice), input.price);
  if (maxCost === undefined) return { estimatedCost };
  const share =
    input.estimatedCost > 0 ? estimatedCost / input.estimatedCost : slice.requests / input.requests;
  return { estimatedCost, maxCost: maxCost * share };
}
