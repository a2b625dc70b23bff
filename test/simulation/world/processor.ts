import type { ProcessorEvent } from '../../../shared/batch/contracts.ts';
import type { Observer } from '../observer.ts';
import { callRepeatedly, type Process } from '../process.ts';
import type { Schedule } from '../schedule.ts';
import type { Queue } from './queue.ts';

const AGE_MS = 900_000;

/** The user's function. It is invoked asynchronously: late, twice or never, and it may fail. */
export class ProcessorFunction {
  /** Successful runs by delivery id. */
  readonly runs = new Map<string, ProcessorEvent[]>();
  readonly #schedule: Schedule;
  readonly #observer: Observer;
  readonly #outcomes: Queue;

  constructor(schedule: Schedule, observer: Observer, outcomes: Queue) {
    this.#schedule = schedule;
    this.#observer = observer;
    this.#outcomes = outcomes;
  }

  invoke(process: Process, event: ProcessorEvent): Promise<void> {
    const { random, faults, timeline } = this.#schedule;
    const what = `invoke the processor for ${event.batchId}`;
    const effect = () => {
      this.#observer.onInvocation(event);
      const fault = this.#schedule.injection?.at('invocation', what);
      if (random.chance(faults.dropped) || fault === 'lost') return;
      const runs = random.chance(faults.duplicateMessage) || fault === 'twice' ? 2 : 1;
      for (let run = 0; run < runs; run++) {
        const wait = random.chance(faults.slow * 4)
          ? random.between(0, AGE_MS * 1.2)
          : random.between(1, 2000);
        timeline.after(wait, () => this.#run(event, wait, fault === 'fails'));
      }
    };
    return callRepeatedly(process, what, effect, { timeoutMs: 10_000 });
  }

  #run(event: ProcessorEvent, waited: number, fails: boolean): void {
    const { random, timeline, isCalm } = this.#schedule;
    if (waited > AGE_MS) {
      this.#report(event, 'EventAgeExceeded');
      return;
    }
    const takes = random.chance(0.05) ? random.between(0, 880_000) : random.between(1, 5000);
    timeline.after(takes, () => {
      if (fails || (!isCalm && random.chance(0.25))) {
        this.#report(event, 'RetriesExhausted');
        return;
      }
      const { deliveryId, batchId, deliveryAttempt } = event;
      this.#schedule.trace(
        () => `processor: ${batchId} ${deliveryId} attempt ${deliveryAttempt} done`,
      );
      this.runs.set(deliveryId, [...(this.runs.get(deliveryId) ?? []), event]);
      this.#report(event, 'Success');
    });
  }

  #report(event: ProcessorEvent, condition: string): void {
    const { random, faults } = this.#schedule;
    this.#observer.onOutcome(event);
    if (random.chance(faults.dropped)) return;
    this.#outcomes.send(JSON.stringify({ requestContext: { condition }, requestPayload: event }));
  }
}
