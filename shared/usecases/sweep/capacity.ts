import type { Limits } from '../../batch/job.ts';
import { type ActiveHint, pages } from '../../batch/ports.ts';
import { METRICS } from '../../metrics.ts';
import { type Load, loadOf } from '../../quota/admission.ts';
import { Budget } from '../../quota/budget.ts';
import {
  isPaused,
  isUnavailable,
  type ProviderState,
  spentToday,
  withStarts,
} from '../../quota/providerState.ts';
import type { Dependencies } from '../dependencies.ts';
import { updateProvider } from '../providerState.ts';

/** A provider that takes batches now: what it holds, and what it may hold. */
export interface Capacity {
  readonly limits: Limits;
  readonly state: ProviderState;
  readonly load: Load;
  readonly budget: Budget;
}

/** The providers that take batches, each read once in a sweep, and only if something waits. */
export class ProviderCapacity {
  readonly #dependencies: Dependencies;
  readonly #known = new Map<string, Capacity | undefined>();
  /** Entries that a user has paused, with how many batches that keeps back. */
  readonly #paused = new Map<string, { readonly state: ProviderState; waiting: number }>();

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** Nothing for one that is paused or held, or is no entry of the configuration. */
  async at(name: string): Promise<Capacity | undefined> {
    if (!this.#known.has(name)) this.#known.set(name, await this.#read(name));
    return this.#known.get(name);
  }

  /** Remembers what was started, for the limits by the hour. */
  async noteStarts(): Promise<void> {
    const now = this.#dependencies.clock.now();
    for (const [name, opening] of this.#known) {
      const started = opening?.load.started ?? 0;
      if (started === 0) continue;
      await updateProvider(this.#dependencies, name, (state) => withStarts(state, started, now));
    }
  }

  /** Counts what waits at a provider that a user has paused. */
  noteWaiting(name: string, waiting: number): void {
    const paused = this.#paused.get(name);
    if (paused) paused.waiting += waiting;
  }

  /** Tells which pauses and budgets keep batches back: nothing fails, and nobody would notice. */
  reportHeld(): void {
    const { clock, log, metrics } = this.#dependencies;
    for (const [provider, { state, waiting }] of this.#paused) {
      if (waiting === 0) continue;
      const { sentAt = 0, reason } = state.lastCommand ?? {};
      metrics.count(METRICS.pauseWaits, waiting, provider);
      const since = new Date(sentAt).toISOString();
      log.info('a user has paused the provider: batches wait', {
        provider,
        since,
        reason,
        waiting,
      });
    }
    for (const [provider, opening] of this.#known) {
      if (!opening || opening.budget.held.size === 0) continue;
      const { budget, state } = opening;
      const spent = spentToday(state, clock.now());
      metrics.count(METRICS.budgetWaits, budget.held.size, provider);
      log.warn('the daily budget keeps batches back', { provider, spent, ...budget.report() });
    }
  }

  async #read(name: string): Promise<Capacity | undefined> {
    const { providers, providerStates, batches, clock } = this.#dependencies;
    if (!providers.names.includes(name)) return undefined;
    const state = await providerStates.get(name);
    if (isPaused(state)) this.#paused.set(name, { state, waiting: 0 });
    if (isPaused(state) || isUnavailable(state, clock.now())) return undefined;
    const { limits, pricing } = await providers.describe(name);
    const budget = new Budget(pricing);
    const active: ActiveHint[] = [];
    for await (const page of pages((cursor) => batches.listActive(name, cursor)))
      active.push(...page);
    for (const batch of active) budget.commit(batch);
    return { limits, state, load: loadOf(active), budget };
  }
}
