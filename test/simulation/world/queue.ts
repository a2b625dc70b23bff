import type { Schedule } from '../schedule.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const VISIBILITY_FACTOR = 6;
const MAX_RECEIVES = 5;

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly sentAt: number;
}

/** A standard queue with its consumer. It delivers at least once, in any order and sometimes late. */
export class Queue {
  readonly name: string;
  readonly deadLetters: Message[] = [];
  /** Messages that are neither handled nor in the dead-letter queue. */
  pending = 0;
  readonly #schedule: Schedule;
  readonly #visibilityMs: number;
  readonly #consume: (
    message: Message,
    receives: number,
    done: () => void,
    failed: () => void,
  ) => void;

  constructor(
    schedule: Schedule,
    name: string,
    functionTimeoutMs: number,
    consume: Queue['consume'],
  ) {
    this.#schedule = schedule;
    this.name = name;
    this.#visibilityMs = VISIBILITY_FACTOR * functionTimeoutMs;
    this.#consume = consume;
  }

  /** Runs the consumer's function for a message. Exactly one of `done` and `failed` is called. */
  get consume() {
    return this.#consume;
  }

  send(body: string, delayMs = 0, id = this.#schedule.token()): void {
    const { random, faults, timeline, now: sentAt } = this.#schedule;
    const late = random.chance(faults.lateMessage) ? random.between(0, 600_000) : 0;
    this.pending += 1;
    timeline.after(delayMs + late + random.between(1, 500), () =>
      this.#deliver({ id, body, sentAt }, 1),
    );
  }

  #deliver(message: Message, receives: number): void {
    const { random, faults, timeline } = this.#schedule;
    this.#consume(
      message,
      receives,
      () => {
        this.pending -= 1;
        if (!random.chance(faults.duplicateMessage)) return;
        this.#schedule.countFault();
        this.pending += 1;
        timeline.after(random.between(1, this.#visibilityMs), () =>
          this.#deliver(message, receives + 1),
        );
      },
      () => {
        if (receives < MAX_RECEIVES) {
          timeline.after(this.#visibilityMs, () => this.#deliver(message, receives + 1));
          return;
        }
        this.pending -= 1;
        this.deadLetters.push(message);
      },
    );
  }
}
