import type {
  BatchStore,
  Page,
  ProviderStateStore,
  SweepCursors,
  SweepLock,
} from '../../../shared/batch/ports.ts';
import type { Batch } from '../../../shared/batch/record.ts';
import type { ProviderState } from '../../../shared/quota/providerState.ts';
import { hintOf } from '../../support/fakes/hintOf.ts';
import { LostReply, type Process, Refused } from '../process.ts';
import type { Simulation } from '../simulation.ts';

interface Item {
  readonly batch: Batch;
  readonly token: string;
  readonly writtenAt: number;
}

/** The SDK repeats a call that was refused or got no answer. */
const TRIES = 3;
export const SHAPE = { timeoutMs: 5_000, landsWithinMs: 2_000 };
const PAGE_SIZE = 2;

/** The table: items with conditional writes, and an index that lags behind. */
export class Table {
  readonly #items = new Map<string, Item[]>();
  readonly #states = new Map<string, ProviderState>();
  #lock: { token: string; leaseUntil: number; cursors: SweepCursors } | undefined;
  readonly #simulation: Simulation;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  get(batchId: string): Batch | undefined {
    return this.#items.get(batchId)?.at(-1)?.batch;
  }

  all(): Batch[] {
    return [...this.#items.values()].flatMap((versions) => versions.at(-1)?.batch ?? []);
  }

  state(provider: string): ProviderState | undefined {
    return this.#states.get(provider);
  }

  /** The records as an index shows them, which may be a while ago. */
  #seen(): Batch[] {
    const { random, faults, now } = this.#simulation;
    const lag = random.chance(faults.staleIndex) ? random.between(0, 90_000) : 0;
    return [...this.#items.values()].flatMap(
      (versions) => versions.findLast(({ writtenAt }) => writtenAt <= now - lag)?.batch ?? [],
    );
  }

  #write(batch: Batch, token: string, condition: (item: Item | undefined) => boolean): boolean {
    const versions = this.#items.get(batch.batchId) ?? [];
    if (!condition(versions.at(-1))) return false;
    versions.push({ batch: Object.freeze(batch), token, writtenAt: this.#simulation.now });
    this.#items.set(batch.batchId, versions.slice(-50));
    this.#simulation.onWrite(batch, versions.at(-2)?.batch);
    return true;
  }

  batchStore(process: Process): BatchStore {
    const simulation = this.#simulation;
    const read = (batchId: string) =>
      retried(() => process.call(`read ${batchId}`, () => this.#items.get(batchId)?.at(-1), SHAPE));
    // As the adapter does it: the SDK's repetition of a write whose answer was lost fails its own
    // condition, and the token tells whose write is there.
    const put = async (batch: Batch, condition: (item: Item | undefined) => boolean) => {
      const token = simulation.token();
      const what = `write ${batch.batchId} v${batch.version} ${batch.status}`;
      if (
        await retried(() => process.call(what, () => this.#write(batch, token, condition), SHAPE))
      ) {
        return true;
      }
      const isMine = (await read(batch.batchId))?.token === token;
      if (isMine && !simulation.guards.ownToken) simulation.invariants.onDisowned(batch);
      return simulation.guards.ownToken && isMine;
    };
    const list = <T>(what: string, items: () => T[], cursor: string | undefined) =>
      retried(() => process.call(what, () => page(items(), cursor), SHAPE));
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
            SHAPE,
          ),
        ),
      create: async (batch) =>
        (await put(batch, (item) => item === undefined)) ? 'written' : 'exists',
      replace: async (batch) => {
        const unchanged = (item: Item | undefined) =>
          !simulation.guards.version || item?.batch.version === batch.version - 1;
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
    return {
      get: (provider) =>
        retried(() =>
          process.call(
            `read ${provider}`,
            () => this.#states.get(provider) ?? { schemaVersion: 1, provider, version: 0 },
            SHAPE,
          ),
        ),
      // Its own write, repeated because the answer was lost, is known by what it holds.
      replace: (state) =>
        retried(() =>
          process.call(
            `write ${state.provider}`,
            () => {
              const known = this.#states.get(state.provider);
              if (known === state) return 'written';
              if ((known?.version ?? 0) !== state.version - 1) return 'conflict';
              this.#states.set(state.provider, state);
              this.#simulation.pauses.onState(state);
              return 'written';
            },
            SHAPE,
          ),
        ),
      list: () =>
        retried(() => process.call('list providers', () => [...this.#states.keys()], SHAPE)),
    };
  }

  sweepLock(process: Process): SweepLock {
    return {
      acquire: (token, now, leaseUntil) =>
        retried(() =>
          process.call(
            'take the sweep lock',
            () => {
              const lock = this.#lock;
              if (
                this.#simulation.guards.sweepLock &&
                lock &&
                lock.token !== token &&
                now < lock.leaseUntil
              )
                return undefined;
              const cursors = lock?.cursors ?? {};
              this.#simulation.invariants.onSweep(process);
              this.#lock = { token, leaseUntil, cursors };
              return cursors;
            },
            SHAPE,
          ),
        ),
      release: (token, cursors) =>
        retried(() =>
          process.call(
            'release the sweep lock',
            () => {
              this.#simulation.invariants.onSweepOver(process);
              if (this.#lock?.token === token) this.#lock = { token, leaseUntil: 0, cursors };
            },
            SHAPE,
          ),
        ),
    };
  }
}

/** What the SDK repeats. */
export async function retried<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await call();
    } catch (error) {
      const passes = error instanceof Refused || error instanceof LostReply;
      if (!passes || tries === TRIES) throw error;
    }
  }
}

export function page<T>(items: readonly T[], cursor: string | undefined): Page<T> {
  const start = cursor === undefined ? 0 : Number(cursor);
  const end = start + PAGE_SIZE;
  return { items: items.slice(start, end), cursor: end < items.length ? String(end) : undefined };
}

function isDue({ status, dueAt }: Batch, until: number): boolean {
  return status !== 'queued' && dueAt !== undefined && dueAt <= until;
}

function isActive({ status, job }: Batch): boolean {
  return status === 'submitting' || status === 'running' || (status === 'collecting' && !!job);
}

const byDue = (a: Batch, b: Batch) => (a.dueAt ?? 0) - (b.dueAt ?? 0);
const byAge = (a: Batch, b: Batch) => b.priority - a.priority || a.createdAt - b.createdAt;
