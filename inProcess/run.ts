import { messageOf } from '../shared/batch/errors.ts';
import { lifetimeSeconds } from '../shared/batch/policy.ts';
import { intake } from '../shared/usecases/intake/intake.ts';
import { recordDeliveryOutcome } from '../shared/usecases/outcome.ts';
import { sweep } from '../shared/usecases/sweep/sweep.ts';
import { acceptWork, runWork } from '../shared/usecases/work/work.ts';
import type { Composition } from './compose.ts';
import { type Bell, type Consumer, consume } from './consumers.ts';
import { deliver } from './deliveries.ts';
import { hasOpenWork, openWorkText } from './openWork.ts';
import type { CheckedOptions } from './options.ts';
import type { ReceivedMessage } from './sqliteQueues.ts';
import { inputBytes, workSeconds } from './workDeadline.ts';

export interface RunOptions {
  /**
   * Ends when no batch is open and no message is left, in place of waiting for more. What waits for a
   * provider, such as for the end of a pause, is waited for. Default: false
   */
  readonly untilIdle?: boolean | undefined;
  /** Stops the run, as `stop` does. */
  readonly signal?: AbortSignal | undefined;
}

/** The lease of a sweep: after a kill, the next one begins when it has passed. */
const SWEEP_SECONDS = 120;
const HOUSEKEEPING_MS = 60 * 60_000;
const IDLE_LOOK_MS = 500;
/** Between two log lines that say what a run waits for. */
const TELL_MS = 60_000;
/** Work that has not ended by then is abandoned, and repeated when its lease has passed. */
const STOP_GRACE_MS = 10_000;

/** One run of a handler in this process. */
export class Run {
  readonly #options: CheckedOptions;
  readonly #composition: Composition;
  readonly #bell: Bell;
  readonly #stopped = new AbortController();
  #isAbandoned = false;

  /** @param bell rings when a message was sent */
  constructor(options: CheckedOptions, composition: Composition, bell: Bell) {
    this.#options = options;
    this.#composition = composition;
    this.#bell = bell;
  }

  /** Ends the run after the work in hand, at the latest after ten seconds. */
  stop(): void {
    this.#stopped.abort();
    this.#bell.ring();
  }

  async work({ untilIdle = false, signal }: RunOptions): Promise<void> {
    if (signal?.aborted) return;
    const stop = () => this.stop();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const loops = [
        ...this.#consumers().map((consumer) => consume(this.#ports(), consumer)),
        this.#repeat(this.#options.sweepSeconds * 1000, 'sweep failed', () => this.#sweep()),
        this.#repeat(HOUSEKEEPING_MS, 'old data not removed', () => this.#removeOld()),
        ...(untilIdle ? [this.#untilIdle()] : []),
      ];
      const all = Promise.all(loops);
      await Promise.race([all, this.#graceOver()]);
    } finally {
      this.stop();
      this.#isAbandoned = true;
      signal?.removeEventListener('abort', stop);
    }
  }

  #ports() {
    const { queues, dependencies } = this.#composition;
    return {
      ...{ queues, log: dependencies.log, bell: this.#bell },
      isStopping: () => this.#stopped.signal.aborted,
      isAbandoned: () => this.#isAbandoned,
    };
  }

  #consumers(): readonly Consumer[] {
    const { dependencies, table, objects, queues } = this.#composition;
    const { concurrency, process, processTimeoutSeconds } = this.#options;
    const { log } = dependencies;
    return [
      { queue: 'batch', concurrency: 1, handle: (message) => intake(dependencies, message) },
      { queue: 'work', concurrency, handle: (message) => this.#work(message) },
      {
        ...{ queue: 'processor', concurrency },
        handle: (message) =>
          deliver({ table, objects, queues, log, process, processTimeoutSeconds }, message),
      },
      {
        ...{ queue: 'outcome', concurrency: 1 },
        handle: ({ body }) => recordDeliveryOutcome(dependencies, body),
      },
    ];
  }

  async #work({ body, messageId }: ReceivedMessage): Promise<void> {
    const { dependencies, objects } = this.#composition;
    const message = await acceptWork(dependencies, { body, messageId });
    if (!message) return;
    const bytes = await inputBytes(dependencies.batches, message.batchId, objects.bytesOf);
    await runWork(dependencies, message, Date.now() + workSeconds(bytes) * 1000);
  }

  #sweep(): Promise<void> {
    return sweep(this.#composition.dependencies, Date.now() + SWEEP_SECONDS * 1000);
  }

  async #removeOld(): Promise<void> {
    const { table, queues, objects } = this.#composition;
    const now = Date.now();
    table.removeExpired(now);
    queues.removeOld();
    await objects.removeOld(now - lifetimeSeconds(this.#options.policy) * 1000);
  }

  /** Takes the step at once and then again and again. A failure is logged, and the next one may succeed. */
  async #repeat(milliseconds: number, failure: string, step: () => Promise<void>): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      try {
        await step();
      } catch (error) {
        if (!this.#isAbandoned)
          this.#composition.dependencies.log.error(failure, { error: messageOf(error) });
      }
      await this.#pause(milliseconds);
    }
  }

  /** Waits, but not beyond the stop. */
  async #pause(milliseconds: number): Promise<void> {
    const until = Date.now() + milliseconds;
    for (let left = milliseconds; left > 0 && !this.#stopped.signal.aborted; ) {
      await this.#bell.wait(left);
      left = until - Date.now();
    }
  }

  async #untilIdle(): Promise<void> {
    const { database, dependencies } = this.#composition;
    let toldAt = Date.now();
    for (;;) {
      if (!hasOpenWork(database)) return this.stop();
      if (this.#stopped.signal.aborted) return;
      if (Date.now() - toldAt >= TELL_MS) {
        toldAt = Date.now();
        const text = await openWorkText(database, dependencies).catch(messageOf);
        dependencies.log.warn('still waiting', { for: text });
      }
      await this.#bell.wait(IDLE_LOOK_MS);
    }
  }

  /** Resolves some time after the stop. */
  #graceOver(): Promise<void> {
    return new Promise((resolve) => {
      this.#stopped.signal.addEventListener('abort', () => {
        setTimeout(resolve, STOP_GRACE_MS).unref();
      });
    });
  }
}
