import { MAX_PART_DEPTH, partDepth } from '../batch/ids.ts';
import type { JobSize } from '../batch/input.ts';
import type { Limits } from '../batch/job.ts';
import type { ActiveHint, WaitingHint } from '../batch/ports.ts';
import { omitUndefined } from '../omitUndefined.ts';
import type { Budget } from './budget.ts';
import type { FairShare } from './fairShare.ts';
import { exclusionOf, isBlocked, mayTryBlocked } from './hold.ts';
import { maxPending } from './learnedLimit.ts';
import { learnedLimit, type ProviderState, startsThisHour } from './providerState.ts';

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
  requests: number;
  /** Jobs that the provider may still refuse for quota. */
  pending: number;
  /** Jobs that this sweep has started. */
  started: number;
  /** Whether free capacity is reserved for a batch that has waited long: no later batch may start. */
  isReserved: boolean;
}

/** The usage of a provider at the start of a sweep. */
export function usageOf(active: readonly ActiveHint[]): ProviderUsage {
  const usage: ProviderUsage = { jobs: 0, requests: 0, started: 0, models: new Map() };
  for (const batch of active) addActive(usage, batch);
  return usage;
}

/** Adds one of the batches that occupy a provider at the start of a sweep. */
export function addActive(usage: ProviderUsage, batch: ActiveHint): void {
  if (!batch.isOver) add(usage, batch, batch.isPending);
}

/** What bounds the batches that may start at a provider. */
export interface AdmissionBounds {
  readonly limits: Limits;
  readonly state: ProviderState;
  readonly now: number;
  /** How long smaller batches may overtake one that does not fit. */
  readonly reserveAfterSeconds: number;
  readonly budget: Budget;
  readonly share: FairShare;
}

/** A batch that leaves its queue now. */
export interface Admitted {
  readonly batch: WaitingHint;
  /** Set if it is larger than the provider takes: it is cut into parts of this size. */
  readonly splitTo?: JobSize;
}

/**
 * Picks the batches that start now by priority, in turn between tenants and then by age, and adds them to
 * the usage. Smaller batches of the same model may overtake a batch that does not fit, until it has
 * waited for `reserveAfterSeconds`; from then on free capacity is reserved for it. Batches of other
 * models are not affected.
 *
 * A batch that alone is larger than what was learned of its model is split, which needs no capacity.
 * If it cannot be split, or is as large as a job that was refused and none was accepted since, it
 * comes last and nothing is reserved for it: it would be refused again. While the
 * provider is blocked, one batch a sweep may be tried, of another model than the refused one if possible.
 */
export function admit(
  waiting: readonly WaitingHint[],
  usage: ProviderUsage,
  bounds: AdmissionBounds,
): readonly Admitted[] {
  const admitted: Admitted[] = [];
  const doubtful: WaitingHint[] = [];
  const { state, now, share } = bounds;
  const startOne = (batch: WaitingHint, isReserving: boolean): boolean => {
    const isStarted = start(batch, usage, bounds, isReserving);
    if (isStarted) admitted.push({ batch });
    return isStarted;
  };
  const able = waiting.filter((batch) => mayStart(batch, bounds));
  share.inTurn(able, (batch) => {
    const splitTo = isBlocked(state, now) ? undefined : splitSize(batch, bounds);
    if (splitTo) {
      admitted.push({ batch, splitTo });
      share.noteGone(batch);
    } else if (isDoubtful(batch, bounds)) doubtful.push(batch);
    else return startOne(batch, true);
    return false;
  });
  share.inTurn(doubtful, (batch) => startOne(batch, false));
  return admitted;
}

/** Whether a batch may be tried, by the refusals so far. */
export function mayStart(
  batch: WaitingHint,
  { state, now }: Pick<AdmissionBounds, 'state' | 'now'>,
): boolean {
  if (exclusionOf(state, batch, now)) return false;
  return !isBlocked(state, now) || mayTryBlocked(state, batch);
}

/**
 * Adds the batch to the usage if it may start.
 *
 * @param isReserving whether capacity is reserved for the batch if it finds none and has waited long
 */
function start(
  batch: WaitingHint,
  usage: ProviderUsage,
  bounds: AdmissionBounds,
  isReserving: boolean,
): boolean {
  const { limits, state, now, budget } = bounds;
  const { maxInFlight, maxStartsPerHour = Number.POSITIVE_INFINITY } = limits;
  if (usage.jobs >= maxInFlight) return false;
  if (startsThisHour(state, now) + usage.started >= maxStartsPerHour) return false;
  const model = modelUsage(usage, batch);
  if (model.isReserved || !budget.allows(batch, state, now)) return false;
  if (!mayTry(batch, usage, bounds)) return false;
  if (!fits(batch, usage, bounds)) {
    if (isReserving) model.isReserved = now - batch.createdAt >= bounds.reserveAfterSeconds * 1000;
    return false;
  }
  add(usage, batch, true);
  budget.commit(batch);
  usage.started += 1;
  model.started += 1;
  return true;
}

/** The size of a batch's parts; undefined if it is to stay whole, or cannot be split. */
function splitSize(batch: WaitingHint, bounds: AdmissionBounds): JobSize | undefined {
  // Of a batch in which some requests have finished, only the others would be sent.
  const isWhole = batch.expected.inputTokens >= batch.estimatedTokens;
  const isDivisible = batch.requests > 1 && partDepth(batch.batchId) < MAX_PART_DEPTH;
  if (!isWhole || !isDivisible || !isOversized(batch, bounds)) return undefined;
  const { jobTokens, requests } = learnedLimit(bounds.state, batch.model, bounds.now);
  return omitUndefined({
    tokens: jobTokens && Math.max(1, Math.floor(jobTokens)),
    requests: requests && Math.max(1, Math.floor(requests)),
  });
}

/** Whether the batch is larger than the provider takes in one job, as far as is known. */
function isOversized(batch: WaitingHint, { state, now }: AdmissionBounds): boolean {
  const { jobTokens = Number.POSITIVE_INFINITY, requests = Number.POSITIVE_INFINITY } =
    learnedLimit(state, batch.model, now);
  return batch.expected.inputTokens > jobTokens || batch.requests > requests;
}

function isDoubtful(batch: WaitingHint, bounds: AdmissionBounds): boolean {
  const { hold } = bounds.state;
  if (isBlocked(bounds.state, bounds.now) && hold?.job?.model === (batch.model ?? '')) return true;
  const { cooldown } = learnedLimit(bounds.state, batch.model, bounds.now);
  const wasRefused = cooldown !== undefined && batch.expected.inputTokens >= cooldown.tokens;
  return wasRefused || isOversized(batch, bounds);
}

/**
 * Whether a job may be sent although the provider has refused others for quota and accepted none
 * since. While the model cools down, only a job of at most half the size that was refused may, and
 * only by itself: so few are refused, whatever waits. Afterwards each sweep tries one.
 */
function mayTry(
  batch: WaitingHint,
  usage: ProviderUsage,
  { state, now }: AdmissionBounds,
): boolean {
  const isHeld = state.hold?.kind === 'quota' || isBlocked(state, now);
  if (isHeld && usage.started > 0) return false;
  const { cooldown } = learnedLimit(state, batch.model, now);
  if (!cooldown) return true;
  const { started, pending } = modelUsage(usage, batch);
  if (now >= cooldown.until) return started === 0;
  return pending === 0 && batch.expected.inputTokens * 2 <= cooldown.tokens;
}

/** A batch that exceeds a limit by itself fits if it is alone: only the provider can refuse it. */
function fits(
  batch: WaitingHint,
  usage: ProviderUsage,
  { limits, state, now }: AdmissionBounds,
): boolean {
  const { tokens, requests, pending } = modelUsage(usage, batch);
  const learned = learnedLimit(state, batch.model, now);
  const maxTokens = Math.min(limits.maxEnqueuedTokens, learned.tokens ?? Number.POSITIVE_INFINITY);
  const maxRequests = limits.maxEnqueuedRequests ?? Number.POSITIVE_INFINITY;
  const maxOfModel = learned.requests ?? Number.POSITIVE_INFINITY;
  return (
    pending < maxPending(learned) &&
    (tokens === 0 || tokens + batch.estimatedTokens <= maxTokens) &&
    (requests === 0 || requests + batch.requests <= maxOfModel) &&
    (usage.requests === 0 || usage.requests + batch.requests <= maxRequests)
  );
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
  model.requests += batch.requests;
  if (isPending) model.pending += 1;
}

function modelUsage(usage: ProviderUsage, { model = '' }: Pick<ActiveHint, 'model'>): ModelUsage {
  const known = usage.models.get(model);
  if (known) return known;
  const unused: ModelUsage = {
    tokens: 0,
    requests: 0,
    pending: 0,
    started: 0,
    isReserved: false,
  };
  usage.models.set(model, unused);
  return unused;
}
