import type { SweepCursors, SweepLock } from '../../shared/batch/ports.ts';
import { callAtOnce, type MakeCall } from './calls.ts';

export interface SweepLockHooks {
  /** Called as a sweep gets the lease. */
  onAcquired?(): void;
  /** Called as a sweep gives the lease back, whether or not it still had it. */
  onReleased?(): void;
}

/** The sweep's lease. */
export class MemorySweepLock {
  #lease: { readonly token: string; readonly until: number } | undefined;
  #cursors: SweepCursors = {};
  readonly #checksLease: boolean;

  /** @param checksLease whether a lease keeps other sweeps out */
  constructor(checksLease = true) {
    this.#checksLease = checksLease;
  }

  lock(call: MakeCall = callAtOnce, hooks: SweepLockHooks = {}): SweepLock {
    return {
      acquire: (token, now, leaseUntil) =>
        call('take the sweep lock', () => {
          if (this.#checksLease && this.#isTaken(token, now)) return undefined;
          hooks.onAcquired?.();
          this.#lease = { token, until: leaseUntil };
          return this.#cursors;
        }),
      release: (token, cursors) =>
        call('release the sweep lock', () => {
          hooks.onReleased?.();
          if (this.#lease?.token !== token) return;
          this.#lease = undefined;
          this.#cursors = cursors;
        }),
    };
  }

  /** The holder may acquire it again: the reply to its first call may have been lost. */
  #isTaken(token: string, now: number): boolean {
    return this.#lease !== undefined && this.#lease.token !== token && now < this.#lease.until;
  }
}
