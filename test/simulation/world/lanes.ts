import type {
  LaneStore,
  RequestPlace,
  RequestRegister,
} from '../../../shared/collector/contract.ts';
import { dueAtOf, type Lane } from '../../../shared/collector/lane.ts';
import type { Process } from '../process.ts';
import type { Simulation } from '../simulation.ts';
import { page, retried, SHAPE } from './table.ts';

interface Item {
  readonly lane: Lane;
  readonly token: string;
  readonly writtenAt: number;
}

/** What the collector keeps in the table: its lanes, with an index that lags behind, and places. */
export class Lanes {
  readonly #items = new Map<string, Item[]>();
  readonly #places = new Map<string, RequestPlace>();
  readonly #simulation: Simulation;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  all(): Lane[] {
    return [...this.#items.values()].flatMap((versions) => versions.at(-1)?.lane ?? []);
  }

  #seen(): Lane[] {
    const { random, faults, now } = this.#simulation;
    const lag = random.chance(faults.staleIndex) ? random.between(0, 90_000) : 0;
    return [...this.#items.values()].flatMap(
      (versions) => versions.findLast(({ writtenAt }) => writtenAt <= now - lag)?.lane ?? [],
    );
  }

  #write(lane: Lane, token: string): boolean {
    const { now, guards } = this.#simulation;
    const versions = this.#items.get(lane.laneId) ?? [];
    const version = versions.at(-1)?.lane.version ?? 0;
    if (guards.laneVersion !== false && version !== lane.version - 1) return false;
    versions.push({ lane, token, writtenAt: now });
    this.#items.set(lane.laneId, versions.slice(-50));
    const dueAt = dueAtOf(lane);
    if (dueAt !== undefined) this.#simulation.wake(dueAt);
    return true;
  }

  laneStore(process: Process): LaneStore {
    const read = (laneId: string) =>
      retried(() =>
        process.call(`read lane ${laneId}`, () => this.#items.get(laneId)?.at(-1), SHAPE),
      );
    return {
      get: async (laneId) => (await read(laneId))?.lane,
      replace: async (lane) => {
        const token = this.#simulation.token();
        const what = `write lane ${lane.laneId} v${lane.version}`;
        const write = () => process.call(what, () => this.#write(lane, token), SHAPE);
        if (await retried(write)) return 'written';
        return (await read(lane.laneId))?.token === token ? 'written' : 'conflict';
      },
      listDue: (until, cursor) =>
        retried(() =>
          process.call(
            'list due lanes',
            () => {
              const due = this.#seen().filter((lane) => (dueAtOf(lane) ?? until + 1) <= until);
              return page(
                due.map(({ laneId }) => laneId),
                cursor,
              );
            },
            SHAPE,
          ),
        ),
    };
  }

  register(process: Process): RequestRegister {
    return {
      claim: ({ customId }, place) =>
        retried(() =>
          process.call(
            `claim ${customId}`,
            () => {
              const owner = this.#places.get(customId) ?? place;
              this.#places.set(customId, owner);
              return owner;
            },
            SHAPE,
          ),
        ),
    };
  }
}
