import type { WaitingHint } from '../../batch/ports.ts';
import type { Batch } from '../../batch/record.ts';
import { METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';

/** Metrics of the present state, from what a sweep reads anyway. */
export class Gauges {
  readonly #runningByProvider = new Map<string, number>();
  readonly #blocked = new Set<string>();
  #waiting = 0;
  #oldestQueuedMs = 0;
  #lagMs = 0;

  noteRunning({ provider }: Batch): void {
    this.#runningByProvider.set(provider, (this.#runningByProvider.get(provider) ?? 0) + 1);
  }

  /** Not to be called for a batch with a running job: it is due as long as the job runs. */
  noteDue(dueAt: number, now: number): void {
    this.#lagMs = Math.max(this.#lagMs, now - dueAt);
  }

  /** @param rest the batches of a provider's queue for which it has no capacity */
  noteQueue(length: number, rest: readonly WaitingHint[], now: number): void {
    this.#waiting += length;
    for (const { queuedAt } of rest)
      this.#oldestQueuedMs = Math.max(this.#oldestQueuedMs, now - queuedAt);
  }

  noteBlocked(provider: string): void {
    this.#blocked.add(provider);
  }

  /**
   * Emits the metrics. The lag and the age are emitted in any case, since a sweep of a part finds
   * lower bounds of them; counts of a part would mislead.
   *
   * @param isWhole whether the sweep came to everything
   */
  emit(
    { metrics, providers }: Pick<Dependencies, 'metrics' | 'providers'>,
    admitted: number,
    isWhole: boolean,
  ): void {
    metrics.measure(METRICS.sweepLag, this.#lagMs / 1000);
    metrics.measure(METRICS.oldestQueuedAge, this.#oldestQueuedMs / 1000);
    if (!isWhole) return;
    metrics.measure(METRICS.queued, Math.max(0, this.#waiting - admitted));
    metrics.measure(METRICS.providerBlocked, this.#blocked.size);
    for (const name of this.#blocked) metrics.measure(METRICS.providerBlocked, 1, name);
    let inFlight = 0;
    for (const name of new Set([...providers.names, ...this.#runningByProvider.keys()])) {
      const running = this.#runningByProvider.get(name) ?? 0;
      metrics.measure(METRICS.inFlight, running, name);
      inFlight += running;
    }
    metrics.measure(METRICS.inFlight, inFlight);
  }
}
