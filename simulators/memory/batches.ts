import { expectedOfJob } from '../../shared/batch/cost.ts';
import { runningFacts } from '../../shared/batch/lifecycle/jobProgress.ts';
import { duePartition, jobPartition } from '../../shared/batch/partitions.ts';
import type {
  ActiveHint,
  BatchStore,
  DueHint,
  Partitions,
  WaitingHint,
  WaitingQueue,
} from '../../shared/batch/ports.ts';
import type { Batch, BatchFields } from '../../shared/batch/record.ts';
import { type TenantQueues, tenantQueues } from '../../shared/stores/tenantQueues.ts';
import { callAtOnce, type Listing, type MakeCall, pageOf } from './calls.ts';
import { MemoryItems } from './items.ts';
import { VersionedItems } from './versionedItems.ts';

export interface MemoryBatchesOptions {
  readonly pageSize?: number;
  /** Partitions that a record may be in, however many it was written into. Default: one. */
  readonly everyPartition?: Partitions;
  /** Whether a record is written only if nobody else has written it since. Default: true. */
  readonly checksVersion?: boolean;
  /** Whether a write is known as one's own after its reply was lost. Default: true. */
  readonly checksToken?: boolean;
  /** Default: as if no time passed. */
  now?(): number;
  /** How far the indexes are behind, in milliseconds, as of one read. Default: they are not. */
  lagMs?(): number;
  /** A fresh token for a write. */
  token?(): string;
  /**
   * The record as it will be read, which is made before it is written. Default: as it is.
   *
   * @throws if it cannot be written
   */
  stored?(batch: Batch): Batch;
  /** Called with each record as it is written, and with what it replaces. */
  onWrite?(next: Batch, previous: Batch | undefined): void;
  /** Called when a write that stands is taken for another writer's. */
  onDisowned?(batch: Batch): void;
}

const ONE: Partitions = { due: 1, active: 1 };

type IsAllowed = (latest: Batch | undefined) => boolean;

/** The table of batches. Records are frozen, so that no use case changes one in place. */
export class MemoryBatches {
  readonly #records = new VersionedItems<Batch>();
  readonly #options: MemoryBatchesOptions;
  readonly #queues: TenantQueues;
  /** Into how many partitions each record was written, if not into one. */
  readonly #written = new WeakMap<BatchFields, Partitions>();
  #writes = 0;

  constructor(options: MemoryBatchesOptions = {}) {
    this.#options = options;
    this.#queues = tenantQueues(new MemoryItems(options).table(), options.now ?? (() => 0));
  }

  get(batchId: string): Batch | undefined {
    return this.#records.latest(batchId)?.item;
  }

  all(): Batch[] {
    return this.#records.all();
  }

  /** Writes a record, whatever is there. */
  put(batch: Batch): void {
    this.#write(batch, String(this.#writes++), () => true);
  }

  /** Removes a record, as the table does some time after its expiry. */
  remove(batchId: string): void {
    this.#records.remove(batchId);
  }

  /**
   * @param queues which tenants' queues are listed. Default: in memory, without faults
   * @param partitions into how many it writes. Default: one
   */
  store(
    call: MakeCall = callAtOnce,
    queues: TenantQueues = this.#queues,
    partitions: Partitions = ONE,
  ): BatchStore {
    const { pageSize = 100, checksVersion = true, everyPartition = partitions } = this.#options;
    const list = async <T>(
      what: string,
      listing: () => Listing<BatchFields>,
      query: {
        readonly cursor: string | undefined;
        readonly limit?: number | undefined;
        readonly hintOf: (batch: BatchFields) => T;
      },
    ) => {
      const { cursor, limit = pageSize, hintOf } = query;
      const page = await call(what, () => pageOf(listing(), cursor, Math.min(limit, pageSize)));
      return { ...page, items: page.items.map(hintOf) };
    };
    return {
      ...{ partitions, everyPartition },
      // What is in memory can be read.
      refile: async (batchId) => (this.get(batchId) ? 'readable' : 'absent'),
      listUnreadable: async () => ({ items: [] }),
      removeUnreadable: async (batchId) => (this.get(batchId) ? 'readable' : 'absent'),
      get: (batchId) => call(`read ${batchId}`, () => this.get(batchId)),
      getMany: (batchIds) => call(`read ${batchIds.join(', ')}`, () => this.#getMany(batchIds)),
      create: async (batch) => {
        const isAllowed: IsAllowed = (latest) => latest === undefined;
        const put = () => this.#conditionalPut(call, { batch, partitions }, isAllowed);
        return (await queues.whileListed(batch, put)) ? 'written' : 'exists';
      },
      replace: async (batch) => {
        const isUnchanged: IsAllowed = (latest) => latest?.version === batch.version - 1;
        const isAllowed = checksVersion ? isUnchanged : () => true;
        const put = () => this.#conditionalPut(call, { batch, partitions }, isAllowed);
        return (await queues.whileListed(batch, put)) ? 'written' : 'conflict';
      },
      listDue: (partition, until, cursor, statuses) =>
        list('list due', () => this.#due(partition, until, statuses), {
          ...{ cursor, hintOf: dueHintOf },
        }),
      listWaiting: (queue, cursor, limit) =>
        list('list waiting', () => this.#waiting(queue), { cursor, limit, hintOf: waitingHintOf }),
      listTenants: (provider, cursor) => queues.list(provider, cursor),
      unlistTenant: (queue) => queues.remove(queue),
      listActive: (provider, cursor, partition = 0) =>
        list('list active', () => this.#active(provider, partition), {
          ...{ cursor, hintOf: activeHintOf },
        }),
    };
  }

  /** As the adapter does it: a repeated write fails its own condition, and the token tells whose it was. */
  async #conditionalPut(
    call: MakeCall,
    { batch, partitions }: { readonly batch: Batch; readonly partitions: Partitions },
    isAllowed: IsAllowed,
  ): Promise<boolean> {
    const { token = () => String(this.#writes++), checksToken = true, onDisowned } = this.#options;
    const { stored = (given) => given } = this.#options;
    const { batchId, version, status } = batch;
    const own = token();
    const record = stored(batch);
    this.#written.set(record, partitions);
    const write = () => this.#write(record, own, isAllowed);
    if (await call(`write ${batchId} v${version} ${status}`, write)) return true;
    const stands = await call(`read ${batchId}`, () => this.#records.latest(batchId));
    const isOwn = stands?.token === own;
    if (isOwn && !checksToken) onDisowned?.(batch);
    return isOwn && checksToken;
  }

  #write(batch: Batch, token: string, isAllowed: IsAllowed): boolean {
    const { now = () => 0, onWrite } = this.#options;
    const previous = this.get(batch.batchId);
    if (!isAllowed(previous)) return false;
    const version = { item: Object.freeze(batch), token, writtenAt: now() };
    this.#records.write(batch.batchId, version);
    onWrite?.(batch, previous);
    return true;
  }

  #getMany(batchIds: readonly string[]): Map<string, Batch> {
    const found = batchIds.flatMap((id) => this.get(id) ?? []);
    return new Map(found.map((batch) => [batch.batchId, batch]));
  }

  /** The records as an index shows them. */
  #indexed(): BatchFields[] {
    const { now = () => 0, lagMs = () => 0 } = this.#options;
    return this.#records.asOf(now() - lagMs());
  }

  #due(
    partition: number,
    until: number,
    statuses?: readonly BatchFields['status'][],
  ): Listing<BatchFields> {
    const items = this.#indexed().filter((batch) => {
      const { status, dueAt, batchId } = batch;
      if (status === 'queued' || dueAt === undefined || dueAt > until) return false;
      if (statuses?.includes(status) === false) return false;
      return duePartition(batchId, this.#partitionsOf(batch).due) === partition;
    });
    return {
      name: `due#${partition}`,
      items,
      placeOf: ({ dueAt = 0, batchId }) => [dueAt, batchId],
    };
  }

  #waiting({ provider, tenant }: WaitingQueue): Listing<BatchFields> {
    return {
      name: `waiting#${provider}#${tenant ?? ''}`,
      items: this.#indexed().filter(
        ({ status, spec, ...batch }) =>
          status === 'queued' && batch.provider === provider && spec.tenant === tenant,
      ),
      placeOf: ({ spec, createdAt, batchId }) => [-spec.priority, createdAt, batchId],
    };
  }

  #active(provider: string, partition: number): Listing<BatchFields> {
    return {
      name: `active#${provider}#${partition}`,
      items: this.#indexed().filter(
        (batch) =>
          isActive(batch) &&
          batch.provider === provider &&
          jobPartition(batch, this.#partitionsOf(batch).active) === partition,
      ),
      placeOf: ({ batchId }) => [batchId],
    };
  }

  #partitionsOf(batch: BatchFields): Partitions {
    return this.#written.get(batch) ?? ONE;
  }
}

function isActive({ status, job }: BatchFields): boolean {
  return status === 'submitting' || status === 'running' || (status === 'collecting' && !!job);
}

/** What the indexes show of a batch without its record, and nothing more. */

function dueHintOf({ batchId, status }: BatchFields): DueHint {
  return { batchId, status };
}

function waitingHintOf(batch: BatchFields): WaitingHint {
  const { createdAt, statusAt, queuedSince, deadlineAt, spec } = batch;
  return {
    ...loadOf(batch),
    priority: spec.priority,
    createdAt,
    queuedAt: queuedSince ?? statusAt,
    providers: spec.providers.length > 1 ? spec.providers : undefined,
    deadlineAt,
  };
}

function activeHintOf(batch: BatchFields): ActiveHint {
  const { status, job } = batch;
  return {
    ...loadOf(batch),
    isPending: job?.acceptedAt === undefined,
    isOver: status === 'collecting',
    jobId: job?.id,
    running: runningFacts(batch),
  };
}

function loadOf(batch: BatchFields) {
  const { batchId, input, spec } = batch;
  return {
    batchId,
    tenant: spec.tenant,
    model: input?.model,
    requests: input?.requests ?? 0,
    estimatedTokens: input?.estimatedTokens ?? 0,
    expected: expectedOfJob(batch),
  };
}
