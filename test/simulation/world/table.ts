import type { BatchStore, SweepLock } from '../../../shared/batch/ports.ts';
import type { Batch, BatchFields } from '../../../shared/batch/record.ts';
import type { ProviderState, ProviderStateStore } from '../../../shared/quota/providerState.ts';
import { pageOf } from '../../../simulators/memory/calls.ts';
import { MemoryProviderStates } from '../../../simulators/memory/providerStates.ts';
import { MemorySweepLock } from '../../../simulators/memory/sweepLock.ts';
import { hintOf } from '../../support/fakes/hintOf.ts';
import type { Observer } from '../observer.ts';
import { callsOf, type Process, retried, TABLE_CALL } from '../process.ts';
import type { Schedule } from '../schedule.ts';

interface Item {
  readonly batch: Batch;
  readonly token: string;
  readonly writtenAt: number;
}

export const PAGE_SIZE = 2;

/** The table: items with conditional writes, and an index that lags behind. */
export class Table {
  readonly #items = new Map<string, Item[]>();
  readonly #states = new MemoryProviderStates();
  readonly #lock: MemorySweepLock;
  readonly #schedule: Schedule;
  readonly #observer: Observer;

  constructor(schedule: Schedule, observer: Observer) {
    this.#schedule = schedule;
    this.#observer = observer;
    this.#lock = new MemorySweepLock(schedule.guards.sweepLock);
  }

  get(batchId: string): Batch | undefined {
    return this.#items.get(batchId)?.at(-1)?.batch;
  }

  all(): Batch[] {
    return [...this.#items.values()].flatMap((versions) => versions.at(-1)?.batch ?? []);
  }

  state(provider: string): ProviderState | undefined {
    return this.#states.states.get(provider);
  }

  /** The records as an index shows them, which may be a while ago. */
  #seen(): Batch[] {
    const seenAt = this.#schedule.now - this.#schedule.indexLagMs();
    return [...this.#items.values()].flatMap(
      (versions) => versions.findLast(({ writtenAt }) => writtenAt <= seenAt)?.batch ?? [],
    );
  }

  #write(batch: Batch, token: string, condition: (item: Item | undefined) => boolean): boolean {
    const versions = this.#items.get(batch.batchId) ?? [];
    if (!condition(versions.at(-1))) return false;
    versions.push({ batch: Object.freeze(batch), token, writtenAt: this.#schedule.now });
    this.#items.set(batch.batchId, versions.slice(-50));
    this.#observer.onWrite(batch, versions.at(-2)?.batch);
    return true;
  }

  batchStore(process: Process): BatchStore {
    const schedule = this.#schedule;
    const read = (batchId: string) =>
      retried(() =>
        process.call(`read ${batchId}`, () => this.#items.get(batchId)?.at(-1), TABLE_CALL),
      );
    // As the adapter does it: the SDK's repetition of a write whose answer was lost fails its own
    // condition, and the token tells whose write is there.
    const put = async (batch: Batch, condition: (item: Item | undefined) => boolean) => {
      const token = schedule.token();
      const what = `write ${batch.batchId} v${batch.version} ${batch.status}`;
      if (
        await retried(() =>
          process.call(what, () => this.#write(batch, token, condition), TABLE_CALL),
        )
      ) {
        return true;
      }
      const isMine = (await read(batch.batchId))?.token === token;
      if (isMine && !schedule.guards.ownToken) this.#observer.onDisowned(batch);
      return schedule.guards.ownToken && isMine;
    };
    const list = <T>(what: string, items: () => T[], cursor: string | undefined) =>
      retried(() => process.call(what, () => pageOf(items(), cursor, PAGE_SIZE), TABLE_CALL));
    return {
      shards: 1,
      get: async (batchId) => (await read(batchId))?.batch,
      getMany: (batchIds) =>
        retried(() =>
          process.call(
            `read ${batchIds.join(', ')}`,
            () =>
              new Map(
                batchIds.flatMap((id) => {
                  const item = this.#items.get(id)?.at(-1);
                  return item ? [[id, item.batch] as const] : [];
                }),
              ),
            TABLE_CALL,
          ),
        ),
      create: async (batch) =>
        (await put(batch, (item) => item === undefined)) ? 'written' : 'exists',
      replace: async (batch) => {
        const unchanged = (item: Item | undefined) =>
          !schedule.guards.version || item?.batch.version === batch.version - 1;
        return (await put(batch, unchanged)) ? 'written' : 'conflict';
      },
      listDue: (_shard, until, cursor) =>
        list(
          'list due',
          () =>
            this.#seen()
              .filter((batch) => isDue(batch, until))
              .sort(byDue),
          cursor,
        ),
      listWaiting: (provider, cursor) =>
        list(
          'list waiting',
          () =>
            this.#seen()
              .filter((batch) => batch.status === 'queued' && batch.provider === provider)
              .sort(byAge)
              .map(hintOf),
          cursor,
        ),
      listActive: (provider, cursor) =>
        list(
          'list active',
          () =>
            this.#seen()
              .filter((batch) => isActive(batch) && batch.provider === provider)
              .map(hintOf),
          cursor,
        ),
    };
  }

  providerStates(process: Process): ProviderStateStore {
    return this.#states.store(callsOf(process, TABLE_CALL), (state) =>
      this.#observer.onProviderState(state),
    );
  }

  sweepLock(process: Process): SweepLock {
    const observer = this.#observer;
    return this.#lock.lock(callsOf(process, TABLE_CALL), {
      onAcquired: () => observer.onSweep(process),
      onReleased: () => observer.onSweepOver(process),
    });
  }
}

function isDue({ status, dueAt }: BatchFields, until: number): boolean {
  return status !== 'queued' && dueAt !== undefined && dueAt <= until;
}

function isActive({ status, job }: BatchFields): boolean {
  return status === 'submitting' || status === 'running' || (status === 'collecting' && !!job);
}

const byDue = (a: BatchFields, b: BatchFields) => (a.dueAt ?? 0) - (b.dueAt ?? 0);
const byAge = (a: Batch, b: Batch) =>
  b.spec.priority - a.spec.priority || a.createdAt - b.createdAt;
