import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import type { BatchStore, SweepLock } from '../../../shared/batch/ports.ts';
import type { Batch } from '../../../shared/batch/record.ts';
import type { ProviderState, ProviderStateStore } from '../../../shared/quota/providerState.ts';
import type { ItemTable } from '../../../shared/stores/itemTable.ts';
import { tenantQueues } from '../../../shared/stores/tenantQueues.ts';
import { MemoryBatches } from '../../../simulators/memory/batches.ts';
import { MemoryItems } from '../../../simulators/memory/items.ts';
import { MemoryProviderStates } from '../../../simulators/memory/providerStates.ts';
import { MemorySweepLock } from '../../../simulators/memory/sweepLock.ts';
import type { Observer } from '../observer.ts';
import { callsOf, type Process, TABLE_CALL } from '../process.ts';
import type { Random } from '../random.ts';
import { DAY, type Schedule } from '../schedule.ts';
import { FEW, MANY } from '../shardPlan.ts';
import { storeAndRead } from './storedRecord.ts';

export const PAGE_SIZE = 2;
/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html: within a few days */
const REMOVED_WITHIN_MS = 2 * DAY;

/** The table as processes reach it: its indexes lag behind, and its guards can be switched off. */
export class Table {
  /** Records whose retention was over, by batch. */
  readonly removed = new Map<string, Batch>();
  /** What is neither a batch nor of a provider. */
  readonly items: MemoryItems;
  readonly #batches: MemoryBatches;
  readonly #states = new MemoryProviderStates();
  readonly #lock: MemorySweepLock;
  readonly #schedule: Schedule;
  readonly #observer: Observer;
  readonly #random: Random;
  /** When the table may remove a record, if it stays as it is. */
  readonly #expiries = new WeakMap<Batch, number>();

  constructor(schedule: Schedule, observer: Observer) {
    const { guards, tableKind } = schedule;
    this.#schedule = schedule;
    this.#observer = observer;
    this.#random = schedule.stream('table');
    this.#lock = new MemorySweepLock(guards.sweepLock);
    this.items = new MemoryItems({
      now: () => schedule.now,
      lagMs: () => schedule.indexLagMs(),
    });
    this.#batches = new MemoryBatches({
      pageSize: PAGE_SIZE,
      everyPartition: schedule.shards ? MANY : FEW,
      checksVersion: guards.version,
      checksToken: guards.ownToken,
      now: () => schedule.now,
      lagMs: () => schedule.indexLagMs(),
      token: () => schedule.token(),
      onWrite: (next, previous) => {
        observer.onWrite(next, previous);
        this.#expire(next);
      },
      ...(tableKind.storesText && { stored: (batch) => this.#stored(batch) }),
      onDisowned: (batch) => observer.onDisowned(batch),
    });
  }

  get(batchId: string): Batch | undefined {
    return this.#batches.get(batchId);
  }

  all(): Batch[] {
    return this.#batches.all();
  }

  #layout() {
    const retentionSeconds = this.#schedule.tableKind.retentionMs / 1000;
    // Only its time to live is read of the item.
    return { ...DEFAULT_POLICY, partitions: FEW, retentionSeconds };
  }

  #stored(batch: Batch): Batch {
    const isOld = this.#random.chance(this.#schedule.tableKind.oldWriters);
    try {
      const { batch: read, expiresAt } = storeAndRead(batch, this.#layout(), isOld);
      if (expiresAt !== undefined) this.#expiries.set(read, expiresAt);
      return read;
    } catch (error) {
      this.#observer.onUnwritable(batch, error);
      throw error;
    }
  }

  /** Has the record removed some time after its retention, unless it is written until then. */
  #expire(batch: Batch): void {
    const { timeline, now } = this.#schedule;
    const expiresAt = this.#expiries.get(batch);
    if (expiresAt === undefined) return;
    timeline.after(expiresAt - now + this.#random.between(0, REMOVED_WITHIN_MS), () => {
      if (this.get(batch.batchId) !== batch) return;
      this.#observer.onExpired(batch);
      this.removed.set(batch.batchId, batch);
      this.#batches.remove(batch.batchId);
    });
  }

  state(provider: string): ProviderState | undefined {
    return this.#states.states.get(provider);
  }

  itemTable(process: Process): ItemTable {
    return this.items.table(callsOf(process, TABLE_CALL));
  }

  /** @param shards how many there are, as the code of the process knows it */
  batchStore(process: Process, shards: number): BatchStore {
    const queues = tenantQueues(this.itemTable(process), () => this.#schedule.now);
    const partitions = shards === 1 ? FEW : MANY;
    return this.#batches.store(callsOf(process, TABLE_CALL), queues, partitions);
  }

  providerStates(process: Process): ProviderStateStore {
    return this.#states.store(callsOf(process, TABLE_CALL), (state) =>
      this.#observer.onProviderState(state),
    );
  }

  sweepLock(process: Process): SweepLock {
    const observer = this.#observer;
    return this.#lock.lock(callsOf(process, TABLE_CALL), {
      onAcquired: (shard) => observer.onSweep(process, shard),
      onReleased: (shard) => observer.onSweepOver(process, shard),
    });
  }
}
