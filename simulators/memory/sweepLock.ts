import type { SweepCursors, SweepLock } from '../../shared/batch/ports.ts';
import { callAtOnce, type MakeCall } from './calls.ts';

export interface SweepLockHooks {
  /** Called as a sweep gets its lease. */
  onAcquired?(shard: number | undefined): void;
  /** Called as a sweep gives its lease back, whether or not it still had it. */
  onReleased?(shard: number | undefined): void;
}

interface Lock {
  lease?: { readonly token: string; readonly until: number } | undefined;
  cursors: SweepCursors;
  sweptAt?: number;
}

/** The leases of the sweep and of its shards. */
export class MemorySweepLock {
  readonly #locks = new Map<number | undefined, Lock>();
  readonly #checksLease: boolean;

  /** @param checksLease whether a lease keeps other sweeps out */
  constructor(checksLease = true) {
    this.#checksLease = checksLease;
  }

  lock(call: MakeCall = callAtOnce, hooks: SweepLockHooks = {}): SweepLock {
    return {
      acquire: (token, now, leaseUntil, shard) =>
        call('take the sweep lock', () => {
          const lock = this.#lockOf(shard);
          if (this.#checksLease && isTaken(lock, token, now)) return undefined;
          hooks.onAcquired?.(shard);
          lock.lease = { token, until: leaseUntil };
          return lock.cursors;
        }),
      release: (token, cursors, now, shard) =>
        call('release the sweep lock', () => {
          hooks.onReleased?.(shard);
          const lock = this.#lockOf(shard);
          if (lock.lease?.token !== token) return;
          this.#locks.set(shard, { cursors, sweptAt: now });
        }),
      last: (shard) =>
        call('read the sweep lock', () => {
          const { sweptAt, cursors } = this.#lockOf(shard);
          return sweptAt === undefined ? undefined : { at: sweptAt, cursors };
        }),
    };
  }

  #lockOf(shard: number | undefined): Lock {
    const lock = this.#locks.get(shard) ?? { cursors: {} };
    this.#locks.set(shard, lock);
    return lock;
  }
}

/** The holder may acquire it again: the reply to its first call may have been lost. */
function isTaken({ lease }: Lock, token: string, now: number): boolean {
  return lease !== undefined && lease.token !== token && now < lease.until;
}
