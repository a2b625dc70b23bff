import { test } from 'vitest';
import { batchStore } from '../../shared/stores/batchStore.ts';
import { laneStore, requestRegister } from '../../shared/stores/collectorStores.ts';
import type { ItemTable } from '../../shared/stores/itemTable.ts';
import { effectRecord, webhookRegister } from '../../shared/stores/onceRecords.ts';
import { providerStateStore, sweepLock } from '../../shared/stores/sweepStores.ts';
import {
  batchStoreContract,
  type ContractCase,
  damageRecord,
  effectRecordContract,
  itemTableContract,
  laneStoreContract,
  providerStateStoreContract,
  requestRegisterContract,
  type Subject,
  sweepLockContract,
  webhookRegisterContract,
} from '../../testing/index.ts';

/** Runs the cases of a contract, each as a test. */
export function runCases(cases: readonly ContractCase[]): void {
  for (const { name, run } of cases) test(name, run);
}

/** Storage that several connections can be opened to. */
export interface Storage<T> {
  open(): T;
  close?(): Promise<void>;
}

/** Storage with a network that loses replies. */
export interface RemoteStorage<T> extends Storage<T> {
  /** A connection whose writes are repeated, because their replies are lost. */
  losing(): T;
}

/** The subject of a contract, by storage that is made for each case. */
export function subjectOf<T>(make: () => Storage<T> | Promise<Storage<T>>): Subject<T> {
  return subjectIn<T, Storage<T>>(make).subject;
}

/** The same with the cases of lost replies. */
export function remoteSubjectOf<T>(
  make: () => RemoteStorage<T> | Promise<RemoteStorage<T>>,
): Subject<T> {
  const { subject, current } = subjectIn<T, RemoteStorage<T>>(make);
  return { ...subject, losingReplies: async () => current().losing() };
}

function subjectIn<T, S extends Storage<T>>(make: () => S | Promise<S>) {
  let storage: S | undefined;
  const current = () => {
    if (!storage) throw new Error('no case has begun');
    return storage;
  };
  const subject: Subject<T> = {
    async create() {
      storage = await make();
      return storage.open();
    },
    reopen: async () => current().open(),
    close: async () => current().close?.(),
  };
  return { subject, current };
}

/** Runs the contracts of a table, and of all stores on it. */
export function runStoreContracts(tables: Subject<ItemTable>): void {
  const retention = { retentionSeconds: 60, maxAgeSeconds: 60 };
  const batches = storesOn(tables, (table) => batchStore(table, retention));
  runCases(itemTableContract(tables));
  runCases(
    batchStoreContract({
      ...batches,
      damage: (store, batchId, damage) => damageRecord(batches.tableOf(store), batchId, damage),
    }),
  );
  runCases(providerStateStoreContract(storesOn(tables, providerStateStore)));
  runCases(sweepLockContract(storesOn(tables, sweepLock)));
  runCases(laneStoreContract(storesOn(tables, laneStore)));
  const keepSeconds = 1;
  const registers = storesOn(tables, (table) => requestRegister(table, { keepSeconds }));
  runCases(requestRegisterContract(registers));
  runCases(webhookRegisterContract(storesOn(tables, webhookRegister)));
  runCases(effectRecordContract(storesOn(tables, (table) => effectRecord(table, 'd-1'))));
}

/** The stores on the tables of a subject. */
function storesOn<T extends object>(tables: Subject<ItemTable>, make: (table: ItemTable) => T) {
  const known = new WeakMap<T, ItemTable>();
  const on = (table: ItemTable): T => {
    const store = make(table);
    known.set(store, table);
    return store;
  };
  const tableOf = (store: T): ItemTable => {
    const table = known.get(store);
    if (!table) throw new Error('this store is not of this subject');
    return table;
  };
  const { reopen, losingReplies, close } = tables;
  return {
    tableOf,
    create: async () => on(await tables.create()),
    ...(reopen && { reopen: async (first: T) => on(await reopen(tableOf(first))) }),
    ...(losingReplies && {
      losingReplies: async (first: T) => on(await losingReplies(tableOf(first))),
    }),
    ...(close && { close: async (first: T) => close(tableOf(first)) }),
  };
}
