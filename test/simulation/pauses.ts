import type { Batch } from '../../shared/batch/record.ts';
import { isPaused, type ProviderState } from '../../shared/quota/providerState.ts';
import { DAY, MINUTE, type Schedule } from './schedule.ts';
import type { Queue } from './world/queue.ts';

/** A sweep that began before the pause was written may still start batches, for as long as it runs. */
const SWEEP_MS = 6 * MINUTE;

/** The entry that is paused. */
const PAUSED = 'openai';

/** A user pauses the provider and resumes it. Checks what the two commands promise. */
export class Pauses {
  readonly #schedule: Schedule;
  #pausedAt: number | undefined;
  #wasResumed = false;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
  }

  /** Both are sent once. The queue may deliver them late, twice, and in the wrong order. */
  plan(queue: Queue): void {
    const { random, timeline, faults } = this.#schedule;
    if (!random.chance(faults.command)) return;
    const pauseIn = random.between(0, 2 * 60 * MINUTE);
    const resumeIn = pauseIn + random.between(1, random.pick([2 * MINUTE, DAY]));
    for (const [action, delay] of [
      ['pause', pauseIn],
      ['resume', resumeIn],
    ] as const)
      timeline.after(delay, () => {
        this.#schedule.trace(() => `user: ${action} openai`);
        queue.send(JSON.stringify({ action, provider: PAUSED }), 0, true);
      });
  }

  onState(state: ProviderState): void {
    if (state.provider !== PAUSED) return;
    if (!isPaused(state)) this.#pausedAt = undefined;
    else this.#pausedAt ??= this.#schedule.now;
    if (state.lastCommand?.action === 'resume') this.#wasResumed = true;
  }

  /** @returns the promise that this write breaks, if it breaks one */
  brokenBy(next: Batch, previous: Batch): string | undefined {
    const isStart = previous.status === 'queued' && next.status === 'submitting';
    const { now } = this.#schedule;
    if (
      !isStart ||
      next.provider !== PAUSED ||
      this.#pausedAt === undefined ||
      now < this.#pausedAt + SWEEP_MS
    )
      return;
    return `${next.batchId} starts at a provider that was paused at ${this.#pausedAt}`;
  }

  /** @returns the promise that is broken at the end, if one is */
  brokenAtTheEnd(): string | undefined {
    if (!this.#wasResumed || this.#pausedAt === undefined) return;
    return 'the provider is paused although it was resumed after that';
  }
}
