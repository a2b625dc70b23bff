import { costOf, dollars, expectedTokens, type Price } from '../batch/cost.ts';
import type { Reason } from '../batch/errors.ts';
import type { AddMessage } from '../batch/messages.ts';
import type { Inspection } from '../jsonl/inspect.ts';
import type { DescribedProviders } from '../providers/provider.ts';
import { type Describing, type InputSource, inspectFor } from './inspection.ts';
import { checkProviders } from './intake/add.ts';

/** What adding a file would come to. */
export interface Estimate {
  /** Entries that the batch would go to, or its parts in turn. */
  readonly providers: readonly string[];
  readonly endpoint: string;
  readonly model: string | null;
  readonly requests: number;
  readonly bytes: number;
  /** Jobs at the provider, if every request succeeds in its first one. */
  readonly jobs: number;
  readonly inputTokens: number;
  /** Of the longest answers that the requests allow. */
  readonly maxOutputTokens: number;
  /** Requests that do not say how long their answers may be: those count with their input only. */
  readonly openEnded: number;
  /** What batches pay for the model, in USD per million tokens; null if nobody has said. */
  readonly price: Price | null;
  /** USD; null without a price. */
  readonly cost: number | null;
  /** Why the batch would wait although there is room: of each entry that has one. */
  readonly waits: readonly string[];
  readonly problems: number;
  /** The first of them. The batch would be refused with these. */
  readonly reasons: readonly Reason[];
}

/**
 * Tells what a batch would come to, by the worker's own inspection. Nothing is sent or kept.
 *
 * @param message as it would add the batch
 * @param maxReasons how many problems are told
 * @throws RefusedError for a message that would be refused, whatever its file holds
 */
export async function estimate(
  dependencies: Describing,
  message: AddMessage,
  source: InputSource,
  maxReasons: number,
): Promise<Estimate> {
  const { providers } = dependencies;
  const names = await checkProviders(providers, message);
  const reasons: Reason[] = [];
  const wanted = { ...message, providers: names };
  const found = await inspectFor(dependencies, wanted, source, async ({ reason }) => {
    if (reasons.length < maxReasons) reasons.push(reason);
  });
  const { endpoint, model, requests, bytes, slices, money, maxOutputTokens, openEnded } = found;
  // As the worker does it: money is asked of an input that could be sent.
  const tooDear = found.problems === 0 ? found.tooDear : undefined;
  const cost = money.estimatedCost ?? null;
  return {
    ...{ providers: names, endpoint, model: model ?? null, requests, bytes, jobs: slices.length },
    ...{ inputTokens: found.estimatedTokens, maxOutputTokens, openEnded },
    ...{ price: money.price ?? null, cost },
    waits: await waitsOf(providers, names, found),
    problems: found.problems + (tooDear ? 1 : 0),
    reasons: tooDear ? [tooDear] : reasons,
  };
}

/** What only the money of an entry's day keeps back. */
async function waitsOf(
  providers: DescribedProviders,
  names: readonly string[],
  { model = '', slices }: Pick<Inspection, 'model' | 'slices'>,
): Promise<readonly string[]> {
  const waits: string[] = [];
  for (const name of names) {
    const { dailyBudget, priceOf } = (await providers.describe(name)).pricing;
    if (dailyBudget === undefined) continue;
    const price = priceOf(model);
    if (!price) {
      waits.push(`${name} has a dailyBudget and no price for the model: it waits for a price`);
      continue;
    }
    const most = slices.reduce(
      (cost, job) => Math.max(cost, costOf(expectedTokens(job), price)),
      0,
    );
    if (most <= dailyBudget) continue;
    const figures = `${dollars(most)}, is over the whole dailyBudget of ${name}, ${dollars(dailyBudget)}`;
    waits.push(`a job of an estimated ${figures}: it waits until that is raised`);
  }
  return waits;
}
