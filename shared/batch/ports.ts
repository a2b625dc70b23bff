import type { ProcessorEvent, StateChange } from './contracts.ts';
import type { BilledTokens } from './cost.ts';
import type { BatchQueueMessage, WorkMessage } from './messages.ts';
import type { Batch } from './record.ts';
import type { Status } from './status.ts';

/** Every side effect of the use cases, one narrow interface each. */

/** Time and chance. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}
export interface RandomSource {
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
export interface TokenEstimation {
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
  publish(change: StateChange): Promise<void>;
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

/** Bytes from `start` to before `end`: at least one. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface ObjectRef {
  readonly bucket: string;
  readonly key: string;
}

/** The bucket of the handler, and reading from the buckets named at deploy time. */
export interface ObjectStore {
  readonly bucket: string;
  /** Size in bytes and ETag; undefined if there is no such object. Throws RefusedError if it may not be read. */
  head(object: ObjectRef): Promise<{ bytes: number; etag: string } | undefined>;
  /** Copies into the handler's bucket. Throws RefusedError when the source is gone or has changed. */
  copy(source: ObjectRef & { etag: string }, key: string): Promise<void>;
  /**
   * Streams an object of the handler's bucket, or its bytes from `start` to before `end`. A
   * connection that breaks throws: never a silent end.
   */
  read(key: string, range?: ByteRange): AsyncIterable<Uint8Array>;
  /** Writes in parts, in constant memory. The object appears whole with `close`, or not at all. */
  writer(key: string): ObjectWriter;
}

export interface ObjectWriter {
  /** Resolves when there is room for more, and the chunk may be used again. */
  write(chunk: Uint8Array): Promise<void>;
  /** Finishes the object and gives its ETag. */
  close(): Promise<{ etag: string }>;
  /** Leaves nothing behind. Safe after a failed write or close. */
  abort(): Promise<void>;
}

/** A file on local disk, for what must be read twice or at random. */
export interface ScratchFile {
  readonly path: string;
  /** Bytes written so far. */
  readonly bytes: number;
  /** Resolves when the chunk is written, and may be used again. */
  write(chunk: Uint8Array): Promise<void>;
  /** Bytes from `offset`, also of what was just written. */
  read(offset: number, length: number): Promise<Uint8Array>;
  remove(): Promise<void>;
}
export interface Scratch {
  create(): Promise<ScratchFile>;
}

/** What an index tells of a record. A hint: it may be stale, and only the record itself is acted on. */
export interface DueHint {
  readonly batchId: string;
  readonly status: Status;
}
export interface WaitingHint {
  readonly batchId: string;
  readonly model: string | undefined;
  readonly requests: number;
  readonly estimatedTokens: number;
  /** What its job is expected to be billed for. */
  readonly expected: BilledTokens;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970: since when it waits for room. */
  readonly queuedAt: number;
  /** Milliseconds since 1970: when it ends with what it has. */
  readonly deadlineAt: number;
  /** Entries that it may go to, if there are several. */
  readonly providers?: readonly string[] | undefined;
}
export interface ActiveHint
  extends Omit<WaitingHint, 'createdAt' | 'queuedAt' | 'deadlineAt' | 'providers'> {
  /** The provider has not said yet that it has taken the job on: it may be refused for quota. */
  readonly isPending: boolean;
  /** Its job has ended: it holds nothing there any more, and only its bill is to come. */
  readonly isOver?: boolean | undefined;
  /** The job that its record names. */
  readonly jobId?: string | undefined;
}

export interface IndexPage<T> {
  readonly items: readonly T[];
  /** Where the next page starts; absent after the last. Opaque. */
  readonly cursor?: string | undefined;
}

/** The table of batches. */
export interface BatchStore {
  /** A strongly consistent read. Throws NewerSchemaError for a record of a newer version. */
  get(batchId: string): Promise<Batch | undefined>;
  /**
   * Strongly consistent reads of up to 100 records at once. What is not in the answer was not
   * there, could not be read or not be understood: `get` tells which.
   */
  getMany(batchIds: readonly string[]): Promise<ReadonlyMap<string, Batch>>;
  /** Writes a new record; `exists` if the id is taken by a record that is not this very write. */
  create(batch: Batch): Promise<'written' | 'exists'>;
  /**
   * Writes the record if it is still at `version - 1` of it. A failed condition is read back: a
   * write of mine whose reply was lost counts as `written`.
   */
  replace(batch: Batch): Promise<'written' | 'conflict'>;
  /** Number of partitions that open batches spread over. */
  readonly shards: number;
  /** Batches of a shard whose `dueAt` is at or before `until`, oldest first. */
  listDue(shard: number, until: number, cursor?: string): Promise<IndexPage<DueHint>>;
  /** Queued batches of a provider: priority, then age. */
  listWaiting(provider: string, cursor?: string): Promise<IndexPage<WaitingHint>>;
  /** Batches that occupy capacity of a provider, and those whose jobs have ended but are not paid. */
  listActive(provider: string, cursor?: string): Promise<IndexPage<ActiveHint>>;
}

/** The sweep's lease, with where a sweep that ran out of time stopped. */
export interface SweepLock {
  /** The cursors of the last sweep if the lease is free, else undefined. */
  acquire(token: string, now: number, leaseUntil: number): Promise<SweepCursors | undefined>;
  /** @param now remembered as the time of the last sweep */
  release(token: string, cursors: SweepCursors, now: number): Promise<void>;
}
export type SweepCursors = Readonly<Record<string, string>>;

/** All pages of a listing, one after the other. */
export async function* pages<T>(
  list: (cursor: string | undefined) => Promise<IndexPage<T>>,
): AsyncIterable<readonly T[]> {
  let cursor: string | undefined;
  do {
    const page = await list(cursor);
    yield page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
