import { type BilledTokens, costOf, type Pricing } from '../batch/cost.ts';
import type { Limits } from '../batch/job.ts';
import type { ActiveHint, WaitingHint } from '../batch/ports.ts';
import { type ProviderState, spentToday, startsThisHour } from './providerState.ts';
import { maxPending, type TokenLimit, UNKNOWN_TOKEN_LIMIT } from './tokenLimit.ts';

/** What is in use of a provider's limits, jobs that this sweep starts included. */
export interface ProviderUsage {
  jobs: number;
  requests: number;
  /** Jobs that this sweep has started. */
  started: number;
  readonly models: Map<string, ModelUsage>;
}

interface ModelUsage {
  /** Estimated prompt tokens. */
  tokens: number;
  /** Jobs that the provider may still refuse for quota. */
  pending: number;
  /** Whether free capacity is reserved for a batch that has waited long: no later batch may start. */
  isReserved: boolean;
}

/** The usage of a provider at the start of a sweep. */
export function usageOf(active: readonly ActiveHint[]): ProviderUsage {
  const usage: ProviderUsage = { jobs: 0, requests: 0, started: 0, models: new Map() };
  for (const batch of active) if (!batch.isOver) add(usage, batch, batch.isPending);
  return usage;
}

/** What bounds the batches that may start at a provider. */
export interface AdmissionBounds {
  readonly limits: Limits;
  readonly state: ProviderState;
  readonly now: number;
  /** How long smaller batches may overtake one that does not fit. */
  readonly reserveAfterSeconds: number;
  readonly budget: Budget;
}

/**
 * Picks the batches that start now from a queue in order of priority and age, and adds them to the
 * usage. Smaller batches of the same model may overtake a batch that does not fit, until it has
 * waited for `reserveAfterSeconds`; from then on free capacity is reserved for it. Batches of other
 * models are not affected.
 */
export function admit(
  waiting: readonly WaitingHint[],
  usage: ProviderUsage,
  bounds: AdmissionBounds,
): readonly WaitingHint[] {
  const admitted: WaitingHint[] = [];
  const { limits, state, now } = bounds;
  const startsBefore = startsThisHour(state, now);
  const { maxInFlight, maxStartsPerHour = Number.POSITIVE_INFINITY } = limits;
  for (const batch of waiting) {
    if (usage.jobs >= maxInFlight || startsBefore + usage.started >= maxStartsPerHour) break;
    const model = modelUsage(usage, batch);
    if (model.isReserved || !bounds.budget.allows(batch, state, now)) continue;
    if (fits(batch, usage, bounds)) {
      add(usage, batch, true);
      bounds.budget.commit(batch);
      usage.started += 1;
      admitted.push(batch);
    } else {
      model.isReserved = now - batch.createdAt >= bounds.reserveAfterSeconds * 1000;
    }
  }
  return admitted;
}

/** A batch that exceeds a limit by itself fits if it is alone: only the provider can refuse it. */
function fits(
  batch: WaitingHint,
  usage: ProviderUsage,
  { limits, state }: AdmissionBounds,
): boolean {
  const { tokens, pending } = modelUsage(usage, batch);
  const learned = learnedLimit(state, batch.model);
  const maxTokens = Math.min(limits.maxEnqueuedTokens, learned.tokens ?? Number.POSITIVE_INFINITY);
  const maxRequests = limits.maxEnqueuedRequests ?? Number.POSITIVE_INFINITY;
  return (
    pending < maxPending(learned) &&
    (tokens === 0 || tokens + batch.estimatedTokens <= maxTokens) &&
    (usage.requests === 0 || usage.requests + batch.requests <= maxRequests)
  );
}

export function learnedLimit(
  { ceilings }: Pick<ProviderState, 'ceilings'>,
  model: string | undefined,
): TokenLimit {
  const name = model ?? '';
  // A model may be named like a property of every object.
  const known = Object.hasOwn(ceilings ?? {}, name) ? ceilings?.[name] : undefined;
  return known ?? UNKNOWN_TOKEN_LIMIT;
}

function add(
  usage: ProviderUsage,
  batch: Pick<ActiveHint, 'model' | 'requests' | 'estimatedTokens'>,
  isPending: boolean,
): void {
  const model = modelUsage(usage, batch);
  usage.jobs += 1;
  usage.requests += batch.requests;
  model.tokens += batch.estimatedTokens;
  if (isPending) model.pending += 1;
}

function modelUsage(usage: ProviderUsage, { model = '' }: Pick<ActiveHint, 'model'>): ModelUsage {
  const known = usage.models.get(model);
  if (known) return known;
  const unused: ModelUsage = { tokens: 0, pending: 0, isReserved: false };
  usage.models.set(model, unused);
  return unused;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Why a batch waits for the budget. */
export type BudgetWait = 'over_budget' | 'no_price';

interface BudgetCandidate {
  readonly batchId: string;
  readonly model?: string | undefined;
  readonly expected: BilledTokens;
  readonly createdAt: number;
}

/** The daily budget of one provider entry, as one sweep allots it. */
export class Budget {
  /** Estimated cost, in USD, of jobs at the provider and of batches that money is reserved for. */
  committed = 0;
  /** Batches that wait for the budget, by id. */
  readonly waits = new Map<string, BudgetWait>();
  readonly #pricing: Pricing;

  constructor(pricing: Pricing) {
    this.#pricing = pricing;
  }

  /** Counts a job that is at the provider, or that starts now. */
  commit(batch: Pick<BudgetCandidate, 'model' | 'expected'>): void {
    // A job without a price was started before there was a budget: its cost is unknown.
    this.committed += this.#costOf(batch) ?? 0;
  }

  /**
   * Whether the batch may start. A day after a batch was added, money is reserved for it if a whole
   * budget is enough for it, so that smaller batches do not overtake it for ever.
   */
  allows(batch: BudgetCandidate, state: ProviderState, now: number): boolean {
    const { dailyBudget } = this.#pricing;
    if (dailyBudget === undefined) return true;
    const cost = this.#costOf(batch);
    if (cost === undefined) {
      this.waits.set(batch.batchId, 'no_price');
      return false;
    }
    if (spentToday(state, now) + this.committed + cost <= dailyBudget) return true;
    const isReserved = !this.waits.has(batch.batchId) && now - batch.createdAt >= DAY_MS;
    if (isReserved && cost <= dailyBudget) this.committed += cost;
    this.waits.set(batch.batchId, 'over_budget');
    return false;
  }

  /** Fields for the log: how many batches wait for which reason, one of them, and the sums in USD. */
  report(): object {
    const { dailyBudget } = this.#pricing;
    const [example] = this.waits.keys();
    const waits = [...this.waits.values()];
    const unpriced = waits.filter((wait) => wait === 'no_price').length;
    const overBudget = waits.length - unpriced;
    return { dailyBudget, committed: this.committed, overBudget, unpriced, example };
  }

  #costOf({ model = '', expected }: Pick<BudgetCandidate, 'model' | 'expected'>) {
    return costOf(expected, this.#pricing.priceOf(model));
  }
}
