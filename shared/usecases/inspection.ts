import { costOf, costRefusal, dearest, expectedTokens, type Pricing } from '../batch/cost.ts';
import type { Reason } from '../batch/errors.ts';
import type { Format } from '../batch/messages.ts';
import type { TokenEstimation } from '../batch/ports.ts';
import type { Input } from '../batch/record.ts';
import {
  type InputDemands,
  type Inspection,
  inspectInput,
  type LineProblem,
} from '../jsonl/inspect.ts';
import type { JobLimits } from '../jsonl/slices.ts';
import type { DescribedProviders } from '../providers/provider.ts';

/** What an inspection takes: no credentials. */
export interface Describing {
  readonly providers: DescribedProviders;
  readonly tokens: TokenEstimation;
}

/** What the message that adds a batch says of it, as far as its input must go with that. */
export interface Wanted {
  /** Entries that it may go to. */
  readonly providers: readonly string[];
  readonly endpoint?: string | undefined;
  readonly format: Format;
  /** USD. */
  readonly maxCost?: number | undefined;
}

/** The requests of an input, and how long it is, where that is known. */
export interface InputSource {
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly bytes: number | undefined;
}

/** What an input holds and is expected to cost, and whether that is too much. */
export interface InspectedInput extends Inspection {
  readonly money: ReturnType<typeof estimateCost>;
  readonly tooDear: Reason | undefined;
}

/** Checks every line of an input against all providers that it may go to. Sends nothing. */
export async function inspectFor(
  { providers, tokens }: Describing,
  wanted: Wanted,
  { chunks, bytes }: InputSource,
  onProblem: (problem: LineProblem) => Promise<void>,
): Promise<InspectedInput> {
  const described: Described[] = [];
  for (const name of wanted.providers) described.push(await providers.describe(name));
  const demands = { ...demandsOf(described, wanted), tokens: await tokens.estimate(bytes) };
  const found = await inspectInput(chunks, demands, onProblem);
  const model = found.model ?? '';
  const money = estimateCost(
    found,
    described.map(({ pricing }) => pricing),
    model,
  );
  const tooDear = costRefusal(wanted.maxCost, money.estimatedCost, model);
  return { ...found, money, tooDear };
}

type Described = Awaited<ReturnType<DescribedProviders['describe']>>;

/** What every one of them can take. */
function demandsOf(
  described: readonly Described[],
  { endpoint, format }: Wanted,
): Omit<InputDemands, 'tokens'> {
  const [first, ...others] = described.map(({ endpoints }) => endpoints);
  return {
    endpoint,
    endpoints: (first ?? []).filter((each) => others.every((other) => other.includes(each))),
    limits: lowest(described.map(({ limits }) => limits)),
    checkRequest(request) {
      for (const { checkRequest } of described) checkRequest?.(request, format);
    },
  };
}

/** A limit that only some have counts for all. */
function lowest(all: readonly JobLimits[]): JobLimits {
  const least = (name: keyof JobLimits) =>
    Math.min(...all.map((limits) => limits[name] ?? Number.POSITIVE_INFINITY));
  return {
    maxRequests: least('maxRequests'),
    maxBytes: least('maxBytes'),
    maxEnqueuedTokens: least('maxEnqueuedTokens'),
    maxEnqueuedRequests: least('maxEnqueuedRequests'),
    maxEmbeddingInputs: least('maxEmbeddingInputs'),
  };
}

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
