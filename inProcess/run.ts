import { messageOf } from '../shared/batch/errors.ts';
import { lifetimeSeconds } from '../shared/batch/policy.ts';
import { intake } from '../shared/usecases/intake/intake.ts';
import { recordDeliveryOutcome } from '../shared/usecases/outcome.ts';
import { sweep } from '../shared/usecases/sweep/sweep.ts';
import { acceptWork, runWork } from '../shared/usecases/work/work.ts';
import type { Composition } from './compose.ts';
import { type Bell, type Consumer, consume } from './consumers.ts';
import { runProcess } from './deliveries.ts';
import { repeatLostInvocations } from './lostInvocations.ts';
import { hasOpenWork, openWorkText } from './openWork.ts';
import type { CheckedOptions } from './options.ts';
import type { ReceivedMessage } from './sqliteQueues.ts';
import { withinTime } from './timeLimit.ts';
import { workBytes, workSeconds } from './workDeadline.ts';

export interface RunOptions {
  /**
   * Ends when no batch is open and no message is left, in place of waiting for more. What waits for a
   * provider, such as for the end of a pause, is waited for. Default: false
   */
  readonly untilIdle?: boolean | undefined;
  /** Stops the run, as `stop` does. */
  readonly signal?: AbortSignal | undefined;
}

/** A sweep has so long. After a kill, the next one begins when this and a margin have passed. */
const SWEEP_SECONDS = 120;
/** After its deadline, a sweep or a piece of work has so long to write its outcome before it is abandoned. */
const OVERTIME_MS = 10_000;
const LOST_LOOK_MS = 60_000;
const HOUSEKEEPING_MS = 60 * 60_000;
const IDLE_LOOK_MS = 500;
const DIRECTORY_LOOK_MS = 1_000;
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
        this.#watchDirectory(),
        this.#repeat(this.#options.sweepSeconds * 1000, 'sweep failed', () => this.#sweep()),
        this.#repeat(LOST_LOOK_MS, 'lost invocations not looked for', () =>
          repeatLostInvocations(this.#composition.database, this.#composition.dependencies),
        ),
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
          runProcess({ table, objects, queues, log, process, processTimeoutSeconds }, message),
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
    const bytes = await workBytes(dependencies, message, objects.bytesOf);
    const subject =
      message.action === 'assemble' ? `upload ${message.uploadId}` : `batch ${message.batchId}`;
    await withDeadline(`the work on ${subject}`, workSeconds(bytes), (deadline) =>
      runWork(dependencies, message, deadline),
    );
  }

  #sweep(): Promise<void> {
    return withDeadline('the sweep', SWEEP_SECONDS, (deadline) =>
      sweep(this.#composition.dependencies, deadline),
    );
  }

  async #removeOld(): Promise<void> {
    const { table, queues, objects } = this.#composition;
    const now = Date.now();
    table.removeExpired(now);
    queues.removeOld();
    await objects.removeOld(now - lifetimeSeconds(this.#options.policy) * 1000);
  }

  /** Ends the run with an error once nothing that it writes would be kept. */
  async #watchDirectory(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      this.#composition.checkDirectory();
      await this.#pause(DIRECTORY_LOOK_MS);
    }
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
    // Not by the clock of the day, which may go back.
    const until = performance.now() + milliseconds;
    for (let left = milliseconds; left > 0 && !this.#stopped.signal.aborted; ) {
      await this.#bell.wait(left);
      left = until - performance.now();
    }
  }

  async #untilIdle(): Promise<void> {
    const { database, dependencies } = this.#composition;
    let toldAt = performance.now();
    for (;;) {
      if (!hasOpenWork(database)) return this.stop();
      if (this.#stopped.signal.aborted) return;
      if (performance.now() - toldAt >= TELL_MS) {
        toldAt = performance.now();
        const text = await openWorkText(database, dependencies).catch(messageOf);
        dependencies.log.warn('still waiting', { for: text });
      }
      await this.#bell.wait(IDLE_LOOK_MS);
    }
  }

  /** Resolves some time after the stop. */
  #graceOver(): Promise<void> {
    const { signal } = this.#stopped;
    return new Promise((resolve) => {
      const begin = () => void setTimeout(resolve, STOP_GRACE_MS).unref();
      // A run that is idle at its start has been stopped already.
      if (signal.aborted) begin();
      else signal.addEventListener('abort', begin);
    });
  }
}

/**
 * Does what has a deadline, as Lambda does it: what has not ended by then is abandoned. Its lease runs out, and
 * it is repeated.
 */
function withDeadline(
  what: string,
  seconds: number,
  work: (deadline: number) => Promise<void>,
): Promise<void> {
  const milliseconds = seconds * 1000;
  return withinTime(
    milliseconds + OVERTIME_MS,
    () => work(Date.now() + milliseconds),
    () => new Error(`${what} has not ended within ${Math.ceil(seconds)} seconds`),
  );
}
