import { costOf, dollars, expectedTokens, type Price } from '../batch/cost.ts';
import type { Reason } from '../batch/errors.ts';
import type { AddMessage } from '../batch/messages.ts';
import { type Problems, problemOf } from '../batch/problems.ts';
import type { Inspection } from '../jsonl/inspect.ts';
import type { DescribedProviders } from '../providers/provider.ts';
import { type InputSource, type InspectionPorts, inspectFor } from './inspection.ts';
import { checkProviders } from './intake/add.ts';

/** What adding a file as a batch would amount to. */
export interface Estimate {
  /** Entries that the batch, or each of its parts, may go to. */
  readonly providers: readonly string[];
  readonly endpoint: string;
  readonly model: string | null;
  readonly requests: number;
  readonly bytes: number;
  /** Jobs at the provider if every request succeeds in its first job. */
  readonly jobs: number;
  readonly inputTokens: number;
  /** The entry whose provider has counted them; null if they are estimated. */
  readonly countedBy: string | null;
  /** Tokens of the longest answers that the requests allow. */
  readonly maxOutputTokens: number;
  /** Requests without a limit on their answers. Only their input is counted. */
  readonly openEnded: number;
  /** Price of the model in a batch, in USD per million tokens; null if it has none. */
  readonly price: Price | null;
  /** The day of the built-in prices that an entry uses, such as 2026-09-23; null if none does. */
  readonly builtinPricesOf: string | null;
  /** USD; null without a price. */
  readonly cost: number | null;
  /** For each entry whose daily budget would keep the batch waiting: why. */
  readonly waits: readonly string[];
  readonly problems: number;
  /** The first problems. The batch would be refused for them. */
  readonly reasons: readonly Reason[];
  /** All problems by their kinds; null if there are none. */
  readonly groups: Problems | null;
}

/**
 * Estimates a batch by the worker's own inspection. Nothing is sent or stored.
 *
 * @param message the message that would add the batch
 * @param maxReasons maximum number of problems to return
 * @throws RefusedError for a message that would be refused whatever its file contains
 */
export async function estimate(
  ports: InspectionPorts,
  message: AddMessage,
  source: InputSource,
  maxReasons: number,
): Promise<Estimate> {
  const { providers } = ports;
  const names = await checkProviders(providers, message);
  const reasons: Reason[] = [];
  const required = { ...message, providers: names };
  const found = await inspectFor(ports, required, source, async ({ reason }) => {
    if (reasons.length < maxReasons) reasons.push(reason);
  });
  const { endpoint, model, requests, bytes, slices, maxOutputTokens, openEnded } = found;
  const { price, estimatedCost } = found.estimatedCost;
  // Like the worker, which checks the cost only of an input without problems.
  const costRefusal = found.problems ? undefined : found.costRefusal;
  return {
    ...{ providers: names, endpoint, model: model ?? null, requests, bytes, jobs: slices.length },
    ...{ inputTokens: found.estimatedTokens, countedBy: null, maxOutputTokens, openEnded },
    ...{ price: price ?? null, cost: estimatedCost ?? null },
    builtinPricesOf: await builtinDate(providers, names),
    waits: await budgetWaits(providers, names, found),
    problems: (found.problems?.total ?? 0) + (costRefusal ? 1 : 0),
    reasons: costRefusal ? [costRefusal] : reasons,
    groups: found.problems ?? (costRefusal ? problemOf(costRefusal) : null),
  };
}

async function builtinDate(
  providers: DescribedProviders,
  names: readonly string[],
): Promise<string | null> {
  for (const name of names) {
    const { builtinDate: date } = (await providers.describe(name)).pricing;
    if (date !== undefined) return date;
  }
  return null;
}

/** Why the daily budget of an entry would keep the batch waiting, although there is capacity. */
async function budgetWaits(
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
    const costs = slices.map((job) => costOf(expectedTokens(job), price));
    const most = Math.max(0, ...costs);
    if (most <= dailyBudget) continue;
    const figures = `${dollars(most)}, is over the whole dailyBudget of ${name}, ${dollars(dailyBudget)}`;
    waits.push(`a job of an estimated ${figures}: it waits until that is raised`);
  }
  return waits;
}
