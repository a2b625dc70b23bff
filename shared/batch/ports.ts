import type { BatchQueueMessage, WorkMessage } from './messages.ts';
import type { ProcessorEvent } from './processorEvent.ts';
import type { StateChange } from './stateChange.ts';

/** Every side effect of the use cases, one narrow interface each. */

export type * from './ports/objects.ts';
export type * from './ports/table.ts';

/** Time and chance. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}
export interface Chance {
  /** A number in [0, 1). */
  random(): number;
  /** A whole number in [0, max), hard to guess. */
  randomInt(max: number): number;
  /** A fresh unguessable token of letters, digits and dashes. */
  token(): string;
}

/** A queue whose messages people or other versions may have written, so that some never succeed. */
export type DeadLetterSource = 'batch' | 'work';

/** The queues. */
export interface Queues {
  sendWork(message: WorkMessage): Promise<void>;
  sendBatch(message: BatchQueueMessage, delaySeconds: number): Promise<void>;
  /** Puts a message that can never succeed aside: beside its queue, its reason as an attribute. */
  sendDeadLetter(
    queue: DeadLetterSource,
    body: string,
    reason: string,
    messageId: string,
  ): Promise<void>;
}

/** Counts the prompt tokens of one file's requests, or estimates them from samples. */
export interface TokenEstimate {
  /**
   * Takes in the body of a request.
   *
   * @param bytes of its line
   * @returns its tokens, by what is known by now; not rounded
   */
  add(body: Readonly<Record<string, unknown>>, bytes: number): number;
  /** Of all, by all that is known by now. */
  total(): number;
}
export interface Tokens {
  /** @param fileBytes of the whole file, where that is known: it makes the estimate cheaper */
  estimate(fileBytes: number | undefined): Promise<TokenEstimate>;
}

/** The user's processor. Invoked asynchronously. */
export interface Processor {
  /** Throws InvocationRefusedError if Lambda has not taken the invocation, for certain. */
  invoke(event: ProcessorEvent): Promise<void>;
}

/** Tells whoever listens. */
export interface EventBus {
  announce(change: StateChange): Promise<void>;
}

/** Structured logs. Never prompt text, never a secret. */
export interface Log {
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

/** The names come from `shared/metrics.ts`, which also says which are told for each provider. */
export interface Metrics {
  /** Adds to a count, of the handler and of the provider. */
  count(name: string, value: number, provider?: string): void;
  /** Tells a value as it is now, in the unit that belongs to the name: of the provider, else of all. */
  measure(name: string, value: number, provider?: string): void;
}
