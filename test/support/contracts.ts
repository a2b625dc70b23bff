import { test } from 'vitest';
import type { ContractCase, Subject } from '../../testing/index.ts';

/** Runs the cases of a contract, each as a test. */
export function runCases(cases: readonly ContractCase[]): void {
  for (const { name, run } of cases) test(name, run);
}

/** Storage that several connections can be opened to. */
export interface Storage<T> {
  open(): T;
  /** A connection whose writes are repeated, because their replies are lost. */
  losing(): T;
  close?(): Promise<void>;
}

/** The subject of a contract, by storage that is made for each case. */
export function subjectOf<T>(make: () => Storage<T> | Promise<Storage<T>>): Subject<T> {
  let storage: Storage<T> | undefined;
  const current = () => {
    if (!storage) throw new Error('no case has begun');
    return storage;
  };
  return {
    async create() {
      storage = await make();
      return storage.open();
    },
    reopen: async () => current().open(),
    losingReplies: async () => current().losing(),
    close: async () => current().close?.(),
  };
}
