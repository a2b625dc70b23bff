import type { Limits } from '../batch/job.ts';
import type { ActiveHint, WaitingHint } from '../batch/ports.ts';
import type { Budget } from './budget.ts';
import { type ProviderState, startsSince } from './providerState.ts';
import { maxPending, type TokenLimit, UNKNOWN_TOKEN_LIMIT } from './tokenLimit.ts';

/** What a provider holds now, and how far what waits for it was looked at. */
export interface Load {
  jobs: number;
  requests: number;
  /** Jobs started since it was read. */
  started: number;
  /** By model. */
  readonly models: Map<string, ModelLoad>;
}

interface ModelLoad {
  /** Estimated prompt tokens. */
  tokens: number;
  /** Jobs that may still be refused for quota. */
  pending: number;
  /** Room is kept for a batch that has waited long enough: nothing behind it goes before it. */
  isReserved: boolean;
}

export function loadOf(active: readonly ActiveHint[]): Load {
  const load: Load = { jobs: 0, requests: 0, started: 0, models: new Map() };
  for (const batch of active) if (!batch.isOver) add(load, batch, batch.isPending);
  return load;
}

/** How much may be started. */
export interface Room {
  readonly limits: Limits;
  readonly state: ProviderState;
  readonly now: number;
  /** How long smaller batches may go before one that finds no room. */
  readonly reserveAfterSeconds: number;
  readonly budget: Budget;
}

/**
 * Picks what starts now from the queue, which is in order of priority and age, and adds it to the
 * load. A batch that finds no room lets later, smaller ones of its model go first, but not for
 * ever: when it has waited long enough, what becomes free is kept for it. Other models go on.
 */
export function admit(
  waiting: readonly WaitingHint[],
  load: Load,
  room: Room,
): readonly WaitingHint[] {
  const admitted: WaitingHint[] = [];
  const { limits, state, now } = room;
  const startsBefore = startsSince(state, now);
  const { maxInFlight, maxStartsPerHour = Number.POSITIVE_INFINITY } = limits;
  for (const batch of waiting) {
    if (load.jobs >= maxInFlight || startsBefore + load.started >= maxStartsPerHour) break;
    const model = modelLoad(load, batch);
    if (model.isReserved || !room.budget.allows(batch, state, now)) continue;
    if (fits(batch, load, room)) {
      add(load, batch, true);
      room.budget.commit(batch);
      load.started += 1;
      admitted.push(batch);
    } else {
      model.isReserved = now - batch.createdAt >= room.reserveAfterSeconds * 1000;
    }
  }
  return admitted;
}

/** A batch larger than a limit fits alone: whether it is too large is the provider's to say. */
function fits(batch: WaitingHint, load: Load, { limits, state }: Room): boolean {
  const { tokens, pending } = modelLoad(load, batch);
  const ceiling = learnedLimit(state, batch.model);
  const maxTokens = Math.min(limits.maxEnqueuedTokens, ceiling.tokens ?? Number.POSITIVE_INFINITY);
  const maxRequests = limits.maxEnqueuedRequests ?? Number.POSITIVE_INFINITY;
  return (
    pending < maxPending(ceiling) &&
    (tokens === 0 || tokens + batch.estimatedTokens <= maxTokens) &&
    (load.requests === 0 || load.requests + batch.requests <= maxRequests)
  );
}

export function learnedLimit({ ceilings }: ProviderState, model: string | undefined): TokenLimit {
  return ceilings?.[model ?? ''] ?? UNKNOWN_TOKEN_LIMIT;
}

function add(
  load: Load,
  batch: Pick<ActiveHint, 'model' | 'requests' | 'estimatedTokens'>,
  isPending: boolean,
): void {
  const model = modelLoad(load, batch);
  load.jobs += 1;
  load.requests += batch.requests;
  model.tokens += batch.estimatedTokens;
  if (isPending) model.pending += 1;
}

function modelLoad(load: Load, { model = '' }: Pick<ActiveHint, 'model'>): ModelLoad {
  const known = load.models.get(model);
  if (known) return known;
  const fresh: ModelLoad = { tokens: 0, pending: 0, isReserved: false };
  load.models.set(model, fresh);
  return fresh;
}
