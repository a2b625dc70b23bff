import type { Schedule } from '../schedule.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const VISIBILITY_FACTOR = 6;
const MAX_RECEIVES = 5;

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly sentAt: number;
}

/** A message in the queue. */
interface SentMessage extends Message {
  /** Whether it is delivered again after it was handled. */
  readonly comesAgain: boolean;
}

/** How late a message may arrive. */
const LATE_MS = 600_000;

/** A standard queue with its consumer. It delivers at least once, in any order and sometimes late. */
export class Queue {
  readonly name: string;
  readonly deadLetters: Message[] = [];
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

  /** @param isUsers whether a user sends it: it is never lost */
  send(body: string, delayMs = 0, isUsers = false): void {
    const id = this.#schedule.token();
    const { random, faults, timeline, injection, now: sentAt } = this.#schedule;
    const kind = isUsers ? 'userMessage' : 'message';
    const fault = injection?.at(kind, `to the ${this.name}: ${body}`);
    if (fault === 'lost') return;
    let late = random.chance(faults.lateMessage) ? random.between(0, LATE_MS) : 0;
    if (fault === 'late') late = LATE_MS;
    const message = { id, body, sentAt, comesAgain: fault === 'again' };
    for (let times = fault === 'twice' ? 2 : 1; times > 0; times--)
      timeline.after(delayMs + late + random.between(1, 500), () => this.#deliver(message, 1));
  }

  #deliver(message: SentMessage, receives: number): void {
    const { random, faults, timeline } = this.#schedule;
    this.#consume(
      message,
      receives,
      () => {
        const comesAgain = message.comesAgain && receives === 1;
        if (!random.chance(faults.duplicateMessage) && !comesAgain) return;
        this.#schedule.countFault();
        timeline.after(random.between(1, this.#visibilityMs), () =>
          this.#deliver(message, receives + 1),
        );
      },
      () => {
        if (receives < MAX_RECEIVES) {
          timeline.after(this.#visibilityMs, () => this.#deliver(message, receives + 1));
          return;
        }
        this.deadLetters.push(message);
      },
    );
  }
}
