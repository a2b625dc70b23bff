import type { BilledTokens } from './cost.ts';
import type { RunningFacts } from './lifecycle/jobProgress.ts';
import type { Batch } from './record.ts';
import type { Status } from './status.ts';

/** What an index shows of a record. It may be stale, so every decision is made on the record itself. */
export interface DueHint {
  readonly batchId: string;
  readonly status: Status;
}
export interface WaitingHint {
  readonly batchId: string;
  /** Absent: of no tenant. */
  readonly tenant?: string | undefined;
  /** Higher starts first. */
  readonly priority: number;
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
  extends Omit<WaitingHint, 'priority' | 'createdAt' | 'queuedAt' | 'deadlineAt' | 'providers'> {
  /** Whether the provider may still refuse the job for quota. */
  readonly isPending: boolean;
  /** Whether its job has ended: it occupies no capacity, and only its cost is not known yet. */
  readonly isOver?: boolean | undefined;
  /** The job in its record. */
  readonly jobId?: string | undefined;
  /** What saves the read of its record as long as its job runs. Absent: the record must be read. */
  readonly running?: RunningFacts | undefined;
}

/** Numbers of partitions of what is swept. */
export interface Partitions {
  /** Of the batches that are due at some time. */
  readonly due: number;
  /** Of the batches that occupy a provider. */
  readonly active: number;
}

/** Batches that wait at a provider: those of one tenant, or those of none. */
export interface WaitingQueue {
  readonly provider: string;
  readonly tenant?: string | undefined;
}
/** The queue of a tenant. */
export interface TenantQueue extends WaitingQueue {
  readonly tenant: string;
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
  /** Writes a new record, in one atomic step. `exists`: another write has made a record with this id. */
  create(batch: Batch): Promise<'written' | 'exists'>;
  /**
   * Writes the record if the stored one has `version - 1`, in one atomic step. A write whose reply was
   * lost counts as `written`.
   */
  replace(batch: Batch): Promise<'written' | 'conflict'>;
  /** The partitions that records are written into. They are numbered from 0. */
  readonly partitions: Partitions;
  /**
   * The partitions that a record may be in all the same, because it was written when the handler had
   * another number of shards. Default: as `partitions`.
   */
  readonly everyPartition?: Partitions;
  /**
   * Batches of a partition whose `dueAt` is at or before `until`, oldest first. A running one may be left
   * out until its deadline: `listActive` shows it.
   *
   * @param statuses whoever asks has a use for these only; others may be listed, too. Default: all
   */
  listDue(
    partition: number,
    until: number,
    cursor?: string,
    statuses?: readonly Status[],
  ): Promise<IndexPage<DueHint>>;
  /**
   * Batches of a queue by priority, then age.
   *
   * @param limit batches that the caller has a use for: a page that has more costs memory and time.
   *   Default: 1,000
   */
  listWaiting(
    queue: WaitingQueue,
    cursor?: string,
    limit?: number,
  ): Promise<IndexPage<WaitingHint>>;
  /**
   * Tenants that may have batches waiting at a provider, each once. Whoever has one is listed before its
   * batch enters the queue.
   */
  listTenants(provider: string, cursor?: string): Promise<IndexPage<string>>;
  /**
   * Lists a tenant no longer whose queue was seen empty, unless a batch may have entered the queue within
   * the last hour.
   */
  unlistTenant(queue: TenantQueue): Promise<void>;
  /**
   * Batches that occupy capacity of a provider, and those whose job has ended at a cost not known yet.
   *
   * @param partition Default: 0
   */
  listActive(provider: string, cursor?: string, partition?: number): Promise<IndexPage<ActiveHint>>;
}

/**
 * The lease of the sweep, with the cursors of a sweep that ran out of time. Each shard has a lease of its
 * own, which nothing has to do with the others; that without a shard is of the sweep itself.
 */
export interface SweepLock {
  /**
   * Takes the lease unless it is held by another token until after `now`, in one atomic step.
   *
   * @param token of this sweep; a repeated call with it succeeds
   * @param now milliseconds since 1970, as is `leaseUntil`
   * @returns the cursors of the last sweep; undefined if another sweep has the lease
   */
  acquire(
    token: string,
    now: number,
    leaseUntil: number,
    shard?: number,
  ): Promise<SweepCursors | undefined>;
  /**
   * Gives the lease back, if it is still that of the token.
   *
   * @param now is stored as the time of the last sweep
   */
  release(token: string, cursors: SweepCursors, now: number, shard?: number): Promise<void>;
  /** When the last sweep ended, in milliseconds since 1970, and its cursors; undefined before the first. */
  last(shard?: number): Promise<{ at: number; cursors: SweepCursors } | undefined>;
}
export type SweepCursors = Readonly<Record<string, string>>;
