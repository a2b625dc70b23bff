import type { BatchStore, SweepLock } from '../../../shared/batch/ports.ts';
import type { Batch } from '../../../shared/batch/record.ts';
import type { ProviderState, ProviderStateStore } from '../../../shared/quota/providerState.ts';
import { MemoryBatches } from '../../../simulators/memory/batches.ts';
import { MemoryProviderStates } from '../../../simulators/memory/providerStates.ts';
import { MemorySweepLock } from '../../../simulators/memory/sweepLock.ts';
import type { Observer } from '../observer.ts';
import { callsOf, type Process, TABLE_CALL } from '../process.ts';
import type { Schedule } from '../schedule.ts';

export const PAGE_SIZE = 2;

/** The table as processes reach it: its indexes lag behind, and its guards can be switched off. */
export class Table {
  readonly #batches: MemoryBatches;
  readonly #states = new MemoryProviderStates();
  readonly #lock: MemorySweepLock;
  readonly #observer: Observer;

  constructor(schedule: Schedule, observer: Observer) {
    const { guards } = schedule;
    this.#observer = observer;
    this.#lock = new MemorySweepLock(guards.sweepLock);
    this.#batches = new MemoryBatches({
      pageSize: PAGE_SIZE,
      checksVersion: guards.version,
      checksToken: guards.ownToken,
      now: () => schedule.now,
      lagMs: () => schedule.indexLagMs(),
      token: () => schedule.token(),
      onWrite: (next, previous) => observer.onWrite(next, previous),
      onDisowned: (batch) => observer.onDisowned(batch),
    });
  }

  get(batchId: string): Batch | undefined {
    return this.#batches.get(batchId);
  }

  all(): Batch[] {
    return this.#batches.all();
  }

  state(provider: string): ProviderState | undefined {
    return this.#states.states.get(provider);
  }

  batchStore(process: Process): BatchStore {
    return this.#batches.store(callsOf(process, TABLE_CALL));
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
