import type { Batch } from '../../batch/batch.ts';
import type { WaitingHint } from '../../batch/ports.ts';
import { METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';
import type { SweepRun } from './run.ts';

/** How things stand, from what a sweep reads anyway. */
export class Gauges {
  /** By provider. */
  readonly #running = new Map<string, number>();
  readonly #paused = new Set<string>();
  #waiting = 0;
  #oldestQueuedMs = 0;
  #lagMs = 0;

  noteRunning({ provider }: Batch): void {
    this.#running.set(provider, (this.#running.get(provider) ?? 0) + 1);
  }

  /** Not of a batch that stays due for as long as it runs. */
  noteDue({ dueAt }: Batch, now: number): void {
    this.#lagMs = Math.max(this.#lagMs, now - (dueAt ?? now));
  }

  /** @param rest those of a provider's queue that found no room there */
  noteQueue(length: number, rest: readonly WaitingHint[], now: number): void {
    this.#waiting += length;
    for (const { queuedAt } of rest)
      this.#oldestQueuedMs = Math.max(this.#oldestQueuedMs, now - queuedAt);
  }

  notePaused(provider: string): void {
    this.#paused.add(provider);
  }

  /**
   * @param isWhole whether the sweep came to everything: numbers of a part would mislead, while what
   *   is late is at least so late
   */
  tell({ metrics, providers }: Dependencies, { admitted }: SweepRun, isWhole: boolean): void {
    metrics.measure(METRICS.sweepLag, this.#lagMs / 1000);
    metrics.measure(METRICS.oldestQueuedAge, this.#oldestQueuedMs / 1000);
    if (!isWhole) return;
    metrics.measure(METRICS.queued, Math.max(0, this.#waiting - admitted));
    metrics.measure(METRICS.providerPaused, this.#paused.size);
    for (const name of this.#paused) metrics.measure(METRICS.providerPaused, 1, name);
    const running = (name: string) => this.#running.get(name) ?? 0;
    const names = new Set([...providers.names, ...this.#running.keys()]);
    for (const name of names) metrics.measure(METRICS.inFlight, running(name), name);
    metrics.measure(
      METRICS.inFlight,
      [...names].map(running).reduce((sum, each) => sum + each, 0),
    );
  }
}
