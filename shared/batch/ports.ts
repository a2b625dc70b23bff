import type { ProcessorEvent, StateChange } from './contracts.ts';
import type { BilledTokens } from './cost.ts';
import type { BatchQueueMessage, WorkMessage } from './messages.ts';
import type { Batch } from './record.ts';
import type { Status } from './status.ts';

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

export interface Queues {
  sendWork(message: WorkMessage): Promise<void>;
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
  /** Estimated tokens of all requests, by all samples. */
  total(): number;
}
export interface TokenEstimation {
  /** @param fileBytes length of the whole file, if it is known: it makes the estimate cheaper */
  estimate(fileBytes: number | undefined): Promise<TokenEstimate>;
}

/** The user's processor, which is invoked asynchronously. */
export interface Processor {
  /** @throws InvocationRefusedError if Lambda has refused the invocation for certain */
  invoke(event: ProcessorEvent): Promise<void>;
}

/** The event bus that state changes are published to. */
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
  /** Emits a present value, in the unit of the name: the provider's, or the handler's without one. */
  measure(name: string, value: number, provider?: string): void;
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
}

export interface ObjectWriter {
  /** Resolves when there is room for more. The chunk may be reused then. */
  write(chunk: Uint8Array): Promise<void>;
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

/** What an index shows of a record. It may be stale, so every decision is made on the record itself. */
export interface DueHint {
  readonly batchId: string;
  readonly status: Status;
}
export interface WaitingHint {
  readonly batchId: string;
  readonly model: string | undefined;
  readonly requests: number;
  readonly estimatedTokens: number;
  /** The tokens that its next job is expected to be billed for. */
  readonly expected: BilledTokens;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Since when it wants to run, refusals for quota included, in milliseconds since 1970. */
  readonly queuedAt: number;
  /** When it ends with the rows that it has, in milliseconds since 1970. */
  readonly deadlineAt: number;
  /** The entries that may run it, if there are several. */
  readonly providers?: readonly string[] | undefined;
}
export interface ActiveHint
  extends Omit<WaitingHint, 'createdAt' | 'queuedAt' | 'deadlineAt' | 'providers'> {
  /** Whether the provider may still refuse the job for quota. */
  readonly isPending: boolean;
  /** Whether its job has ended: it occupies no capacity, and only its cost is not known yet. */
  readonly isOver?: boolean | undefined;
  /** The job in its record. */
  readonly jobId?: string | undefined;
}

export interface IndexPage<T> {
  readonly items: readonly T[];
  /** Start of the next page, opaque. Absent on the last page. */
  readonly cursor?: string | undefined;
}

/** Records of batches that no schema of this code reads, which only a fault can have written. */
export interface UnreadableRecords {
  /**
   * Puts a record where it belongs: one that cannot be read out of the indexes that are swept, and one
   * that can be read again back into them. The record itself does not change.
   *
   * @throws NewerSchemaError for a record of a newer version, which stays where it is
   */
  refile(batchId: string): Promise<'readable' | 'unreadable' | 'absent'>;
  /** Ids of the records that were taken out. */
  listUnreadable(cursor?: string): Promise<IndexPage<string>>;
  /**
   * Deletes a record that cannot be read.
   *
   * @param keep stores the record's item, as JSON, before it is deleted
   * @throws NewerSchemaError for a record of a newer version
   */
  removeUnreadable(
    batchId: string,
    keep: (item: string) => Promise<void>,
  ): Promise<'removed' | 'readable' | 'absent'>;
}

/** The table of batches. */
export interface BatchStore extends UnreadableRecords {
  /**
   * A strongly consistent read.
   *
   * @throws NewerSchemaError for a record of a newer version
   * @throws UnreadableRecordError
   */
  get(batchId: string): Promise<Batch | undefined>;
  /**
   * Strongly consistent reads of up to 100 records at once. The map leaves out records that do not
   * exist, were not returned or cannot be parsed: `get` shows which it is.
   */
  getMany(batchIds: readonly string[]): Promise<ReadonlyMap<string, Batch>>;
  /** Writes a new record. `exists`: there is a record with this id that another write has made. */
  create(batch: Batch): Promise<'written' | 'exists'>;
  /**
   * Writes the record if the stored one has `version - 1`. A write whose reply was lost counts as
   * `written`.
   */
  replace(batch: Batch): Promise<'written' | 'conflict'>;
  /** Number of partitions of the open batches. */
  readonly shards: number;
  /** Batches of a shard whose `dueAt` is at or before `until`, oldest first. */
  listDue(shard: number, until: number, cursor?: string): Promise<IndexPage<DueHint>>;
  /** Queued batches of a provider by priority, then age. */
  listWaiting(provider: string, cursor?: string): Promise<IndexPage<WaitingHint>>;
  /** Batches that occupy capacity of a provider, and those whose job has ended at a cost not known yet. */
  listActive(provider: string, cursor?: string): Promise<IndexPage<ActiveHint>>;
}

/** The lease of the sweep, with the cursors of a sweep that ran out of time. */
export interface SweepLock {
  /** @returns the cursors of the last sweep; undefined if another sweep has the lease */
  acquire(token: string, now: number, leaseUntil: number): Promise<SweepCursors | undefined>;
  /** @param now is stored as the time of the last sweep */
  release(token: string, cursors: SweepCursors, now: number): Promise<void>;
}
export type SweepCursors = Readonly<Record<string, string>>;
