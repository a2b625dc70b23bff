import { test } from 'vitest';
import type { ContractCase, Subject } from '../../testing/index.ts';

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
