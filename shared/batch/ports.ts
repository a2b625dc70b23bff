import type { ProcessorEvent, StateChange } from './contracts.ts';
import type { BatchQueueMessage, WorkMessage } from './messages.ts';

export type * from './storePorts.ts';

/** Every side effect of the use cases, each behind a narrow interface. */

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /**
   * Calls `run` once, that many milliseconds from now. Keeps no process alive.
   *
   * @returns stops the timer
   */
  after(milliseconds: number, run: () => void): () => void;
}
export interface RandomSource {
  /** A number in [0, 1). */
  random(): number;
  /** An integer in [0, max), hard to guess. */
  randomInt(max: number): number;
  /** A fresh unguessable token of letters, digits and dashes. */
  token(): string;
}

/** A queue whose messages people or other versions may have sent, so that some can never succeed. */
export type DeadLetterSource = 'batch' | 'work';

/**
 * The queues that the handler sends to. A message that was sent is delivered at least once, in any order,
 * as the JSON of `message`. A method throws if it is not known whether the message was sent, which is then
 * sent again: a message may come twice. A message that is lost is sent again by a later sweep.
 */
export interface Queues {
  sendWork(message: WorkMessage): Promise<void>;
  /** @param delaySeconds how long the message is held back, from 0; more than 900 may count as 900 */
  sendBatch(message: BatchQueueMessage, delaySeconds: number): Promise<void>;
  /** Moves a message that can never succeed to the queue's dead-letter queue, with the reason as an attribute. */
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
   * Adds the body of a request.
   *
   * @param bytes length of its line
   * @returns its estimated tokens, by the samples so far; not rounded
   */
  add(body: Readonly<Record<string, unknown>>, bytes: number): number;
  /**
   * Adds a request whose body need not be read. Absent: each is added with its body.
   *
   * @param line its size, and how many of its bytes are not ASCII
   * @param body is called if it is drawn to be counted
   * @returns as `add`
   */
  addLine?(
    line: { readonly bytes: number; readonly notAscii: number },
    body: () => Readonly<Record<string, unknown>>,
  ): number;
  /** Estimated tokens of all requests, by all samples. */
  total(): number;
}
export interface TokenEstimation {
  /** @param fileBytes length of the whole file, if it is known: it makes the estimate cheaper */
  estimate(fileBytes: number | undefined): Promise<TokenEstimate>;
}

/** The user's processor, which is invoked asynchronously. */
export interface Processor {
  /**
   * Resolves when the invocation is accepted, not when it has ended: its end comes as a message of the
   * outcome queue. The same delivery may be invoked again.
   *
   * @throws InvocationRefusedError if Lambda has refused the invocation for certain
   */
  invoke(event: ProcessorEvent): Promise<void>;
}

/**
 * The event bus that state changes are published to. The end of a batch is published again until this
 * has succeeded, so that it may come twice; of another change, a failure loses the event.
 */
export interface EventBus {
  publish(change: StateChange): Promise<void>;
}

/** Structured logs. They never contain prompt text or secrets. */
export interface Log {
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

/** Metrics by the names in `shared/metrics.ts`, which also says which of them have a provider dimension. */
export interface Metrics {
  /** Adds to a count of the handler and, if one is given, of the provider. */
  count(name: string, value: number, provider?: string): void;
  /**
   * Emits a present value, in the unit of the name: that of the provider or of the tenant, or the
   * handler's without one.
   */
  measure(name: string, value: number, provider?: string, tenant?: string): void;
}

/** The byte range [start, end), which is not empty. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Where an object is: its key is as in the bucket, with the prefix of the handler's objects. */
export interface ObjectRef {
  readonly bucket: string;
  readonly key: string;
}

/**
 * The handler's bucket, and read access to the input buckets of the deployment. A `key` alone is one of
 * the handler's own objects, without the prefix.
 */
export interface ObjectStore {
  readonly bucket: string;
  /** What the keys of the handler's objects begin with in the bucket; `ownObject` adds it. Default: nothing. */
  readonly prefix?: string;
  /**
   * Reads the size in bytes and the ETag.
   *
   * @returns undefined if there is no such object
   * @throws RefusedError if it must not be read
   */
  head(object: ObjectRef): Promise<{ bytes: number; etag: string } | undefined>;
  /**
   * Copies an object into the handler's bucket.
   *
   * @throws RefusedError if the source was deleted or has changed
   */
  copy(source: ObjectRef & { etag: string }, key: string): Promise<void>;
  /**
   * Streams an object of the handler's bucket, or a range of it.
   *
   * @throws Error if the stream breaks: it never ends early without an error
   */
  read(key: string, range?: ByteRange): AsyncIterable<Uint8Array>;
  /** Writes an object in constant memory. It appears complete with `close`, or not at all. */
  writer(key: string): ObjectWriter;
  /**
   * Deletes an object of the handler's bucket; one that is not there is no error. Who was reading it may get
   * the rest or an error. Absent: files that are deleted through the HTTP API, and the parts of uploads, stay
   * until whatever deletes old objects gets them.
   */
  remove?(key: string): Promise<void>;
}

export interface ObjectWriter {
  /** Resolves when there is room for more. The chunk may be reused then. */
  write(chunk: Uint8Array): Promise<void>;
  /**
   * Writes the bytes of another object of the handler's bucket, most of which the store copies by itself.
   * Absent: they are read and written.
   *
   * @param source of at most 5 GiB, as `head` has shown it
   * @throws Error if it is gone or, as far as the store copies it, has changed since
   */
  append?(source: {
    readonly key: string;
    readonly bytes: number;
    readonly etag: string;
  }): Promise<void>;
  /** Completes the object. */
  close(): Promise<{ etag: string }>;
  /** Discards what was written. Safe after a failed write or close. */
  abort(): Promise<void>;
}

/** A file on the local disk, for data that is read twice or at random. */
export interface ScratchFile {
  readonly path: string;
  /** Bytes written so far. */
  readonly bytes: number;
  /** Resolves when the chunk is written. It may be reused then. */
  write(chunk: Uint8Array): Promise<void>;
  /** Reads bytes from `offset`, including those just written. */
  read(offset: number, length: number): Promise<Uint8Array>;
  remove(): Promise<void>;
}
export interface Scratch {
  create(): Promise<ScratchFile>;
}
