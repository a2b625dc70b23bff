import type { Limits } from './limits.ts';
import type { ActiveHint, WaitingHint } from './ports.ts';

/** What a provider holds now. */
export interface Load {
  jobs: number;
  /** Estimated prompt tokens by model. */
  readonly tokens: Map<string, number>;
}

export function loadOf(active: readonly ActiveHint[]): Load {
  const load: Load = { jobs: 0, tokens: new Map() };
  for (const batch of active) add(load, batch);
  return load;
}

/**
 * Picks what starts now from the head of the queue, which is in order of priority and age, and
 * adds it to the load. A model whose next batch does not fit holds back the later ones of that
 * model, so that small batches do not starve a large one; other models go on.
 *
 * @param full models found full earlier in the same queue; those found now are added
 */
export function admit(
  waiting: readonly WaitingHint[],
  load: Load,
  limits: Limits,
  full: Set<string> = new Set(),
): readonly WaitingHint[] {
  const admitted: WaitingHint[] = [];
  for (const batch of waiting) {
    if (load.jobs >= limits.maxInFlight) break;
    const model = modelOf(batch);
    if (full.has(model)) continue;
    if (fits(batch, load, limits)) {
      add(load, batch);
      admitted.push(batch);
    } else {
      full.add(model);
    }
  }
  return admitted;
}

/** A batch larger than the limit fits alone: whether it is too large is the provider's to say. */
function fits(batch: WaitingHint, load: Load, limits: Limits): boolean {
  const enqueued = load.tokens.get(modelOf(batch)) ?? 0;
  return enqueued === 0 || enqueued + batch.estimatedTokens <= limits.maxEnqueuedTokens;
}

function add(load: Load, batch: ActiveHint): void {
  const model = modelOf(batch);
  load.jobs += 1;
  load.tokens.set(model, (load.tokens.get(model) ?? 0) + batch.estimatedTokens);
}

function modelOf({ model }: ActiveHint): string {
  return model ?? '';
}
