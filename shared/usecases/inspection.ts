import { costOf, costRefusal, dearest, expectedTokens, type Pricing } from '../batch/cost.ts';
import type { Reason } from '../batch/errors.ts';
import type { Input, Slice } from '../batch/input.ts';
import type { Format } from '../batch/messages.ts';
import type { TokenEstimation } from '../batch/ports.ts';
import { type Inspection, inspectInput } from '../jsonl/inspect.ts';
import type { InputDemands, LineProblem } from '../jsonl/lineInspection.ts';
import { loadScanner } from '../jsonl/requestScan/requestScan.ts';
import type { JobLimits } from '../jsonl/slices.ts';
import { omitUndefined } from '../omitUndefined.ts';
import type { DescribedProviders, FileCheck } from '../providers/provider.ts';

/** An inspection needs no credentials. */
export interface InspectionPorts {
  readonly providers: DescribedProviders;
  readonly tokens: TokenEstimation;
}

/** What the message that adds a batch requires of its input. */
interface InputRequirements {
  /** Entries that the batch may go to. */
  readonly providers: readonly string[];
  readonly endpoint?: string | undefined;
  readonly format: Format;
  /** USD. */
  readonly maxCost?: number | undefined;
}

/** The bytes of an input, and their number where it is known. */
export interface InputSource {
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly bytes: number | undefined;
}

/** What an input contains and is expected to cost. */
export interface InspectedInput extends Inspection {
  readonly estimatedCost: CostEstimate;
  /** Set if the batch would exceed its `maxCost`. */
  readonly costRefusal: Reason | undefined;
}

type CostEstimate = Pick<Input, 'price' | 'estimatedCost'>;

/** Checks every line of an input against all providers that the batch may go to. Sends nothing. */
export async function inspectFor(
  { providers, tokens }: InspectionPorts,
  required: InputRequirements,
  { chunks, bytes }: InputSource,
  onProblem: (problem: LineProblem) => Promise<void>,
  onIds?: (lines: Uint8Array) => Promise<void>,
): Promise<InspectedInput> {
  const described: ProviderDescription[] = [];
  for (const name of required.providers) described.push(await providers.describe(name));
  const demands = {
    ...demandsOf(described, required),
    ...{ tokens: await tokens.estimate(bytes), scan: loadScanner() },
  };
  const inspected = await inspectInput(chunks, demands, onProblem, onIds);
  const found = withPadding(
    inspected,
    described.map(({ padding }) => padding),
  );
  const model = found.model ?? '';
  const pricings = described.map(({ pricing }) => pricing);
  const estimatedCost = estimateCost(found, pricings, model);
  const refusal = costRefusal(required.maxCost, estimatedCost.estimatedCost, model);
  return { ...found, estimatedCost, costRefusal: refusal };
}

/** The tokens of the requests with which small jobs are filled up, at the entry with the most. */
function withPadding(
  found: Inspection,
  paddings: readonly ProviderDescription['padding'][],
): Inspection {
  const tokensOf = (slice: Pick<Slice, 'requests'>, kind: 'inputTokens' | 'outputTokens') =>
    Math.max(
      0,
      ...paddings.map((one) =>
        one ? Math.max(0, one.minRequests - slice.requests) * one[kind] : 0,
      ),
    );
  let { estimatedTokens, maxOutputTokens } = found;
  const slices = found.slices.map((slice) => {
    const [input, output] = [tokensOf(slice, 'inputTokens'), tokensOf(slice, 'outputTokens')];
    if (input + output === 0) return slice;
    estimatedTokens += input;
    maxOutputTokens += output;
    return {
      ...slice,
      estimatedTokens: slice.estimatedTokens + input,
      maxOutputTokens: (slice.maxOutputTokens ?? 0) + output,
    };
  });
  return { ...found, estimatedTokens, maxOutputTokens, slices };
}

type ProviderDescription = Awaited<ReturnType<DescribedProviders['describe']>>;

/** Rules that an input must follow to be accepted by every one of the providers. */
function demandsOf(
  described: readonly ProviderDescription[],
  { endpoint, format }: InputRequirements,
): Omit<InputDemands, 'tokens'> {
  const checks = described.flatMap(({ checkFile, checkRequest }): readonly FileCheck[] => {
    if (checkFile) return [checkFile(format)];
    return checkRequest ? [(request) => checkRequest(request, format)] : [];
  });
  const [first, ...others] = described.map(({ endpoints }) => endpoints);
  return {
    endpoint,
    defaultModel: defaultModelAt(described),
    endpoints: (first ?? []).filter((each) => others.every((other) => other.includes(each))),
    limits: lowest(described.map(({ limits }) => limits)),
    checkRequest:
      checks.length === 0
        ? undefined
        : (request, line) => {
            for (const check of checks) check(request, line);
          },
  };
}

/**
 * The model of requests that name none: the first entry's. The others have it by their own names
 * for it, if each has a name for every model.
 */
function defaultModelAt(described: readonly ProviderDescription[]): string | undefined {
  const names = described.map(({ defaultModel }) => defaultModel);
  return names.includes(undefined) ? undefined : names[0];
}

/** The lowest of each limit. A limit that only some providers have applies to all. */
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

/** Expected cost at the dearest of the providers. Empty if none has a price for the model. */
function estimateCost(
  input: Pick<Input, 'estimatedTokens' | 'maxOutputTokens'>,
  pricings: readonly Pricing[],
  model: string,
): CostEstimate {
  const tokens = expectedTokens(input);
  const price = dearest(
    pricings.map((pricing) => pricing.priceOf(model)),
    tokens,
  );
  // All that the estimates of parts need.
  const kept = price && { input: price.input, output: price.output };
  return omitUndefined({ price: kept, estimatedCost: price && costOf(tokens, price) });
}
