import type { Batch } from '../batch.ts';
import type { BilledTokens } from '../cost.ts';
import type { ProviderState } from '../providerState.ts';
import type { Status } from '../status.ts';

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

export interface Page<T> {
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
  listDue(shard: number, until: number, cursor?: string): Promise<Page<DueHint>>;
  /** Queued batches of a provider: priority, then age. */
  listWaiting(provider: string, cursor?: string): Promise<Page<WaitingHint>>;
  /** Batches that occupy capacity of a provider, and those whose jobs have ended but are not paid. */
  listActive(provider: string, cursor?: string): Promise<Page<ActiveHint>>;
}

/** The providers' own records. */
export interface ProviderStateStore {
  get(provider: string): Promise<ProviderState>;
  /** Writes the state if it is still at `version - 1` of it. */
  replace(state: ProviderState): Promise<'written' | 'conflict'>;
  /** Names of all entries ever used. */
  list(): Promise<readonly string[]>;
}

/** The sweep's lease, with where a sweep that ran out of time stopped. */
export interface SweepLock {
  /** The cursors of the last sweep if the lease is free, else undefined. */
  acquire(token: string, now: number, leaseUntil: number): Promise<SweepCursors | undefined>;
  /** @param now remembered as the time of the last sweep */
  release(token: string, cursors: SweepCursors, now: number): Promise<void>;
}
export type SweepCursors = Readonly<Record<string, string>>;
