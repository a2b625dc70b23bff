import type {
  LaneStore,
  RequestAssignment,
  RequestRegister,
} from '../../shared/collector/contract.ts';
import { dueAtOf, type Lane } from '../../shared/collector/lane.ts';
import { callAtOnce, type Listing, type MakeCall, pageOf } from './calls.ts';
import { VersionedItems } from './versionedItems.ts';

export interface MemoryLanesOptions {
  readonly pageSize?: number;
  /** Whether a lane is written only if nobody else has written it since. Default: true. */
  readonly checksVersion?: boolean;
  /** Default: as if no time passed. */
  now?(): number;
  /** How far the index is behind, in milliseconds. Default: it is not. */
  lagMs?(): number;
  /** A fresh token for a write. */
  token?(): string;
  /** Called with each lane as it is written. */
  onWrite?(lane: Lane): void;
}

/** What the collector keeps in the table: its lanes, and which batch each request is in. */
export class MemoryLanes {
  readonly assignments = new Map<string, RequestAssignment>();
  readonly #lanes = new VersionedItems<Lane>();
  readonly #options: MemoryLanesOptions;
  #writes = 0;

  constructor(options: MemoryLanesOptions = {}) {
    this.#options = options;
  }

  all(): Lane[] {
    return this.#lanes.all();
  }

  laneStore(call: MakeCall = callAtOnce): LaneStore {
    const { pageSize = 100, token = () => String(this.#writes++) } = this.#options;
    const read = (laneId: string) => call(`read lane ${laneId}`, () => this.#lanes.latest(laneId));
    return {
      get: async (laneId) => (await read(laneId))?.item,
      // As the adapter does it: a write whose reply was lost is known by its token.
      replace: async (lane) => {
        const own = token();
        const what = `write lane ${lane.laneId} v${lane.version}`;
        if (await call(what, () => this.#replace(lane, own))) return 'written';
        return (await read(lane.laneId))?.token === own ? 'written' : 'conflict';
      },
      listDue: async (until, cursor) => {
        const page = await call('list due lanes', () => pageOf(this.#due(until), cursor, pageSize));
        return { ...page, items: page.items.map(({ laneId }) => laneId) };
      },
    };
  }

  register(call: MakeCall = callAtOnce): RequestRegister {
    return {
      claim: ({ provider, customId }, wanted) =>
        call(`claim ${customId}`, () => {
          const name = `${provider} ${customId}`;
          const first = this.assignments.get(name) ?? wanted;
          this.assignments.set(name, first);
          return first;
        }),
    };
  }

  #replace(lane: Lane, token: string): boolean {
    const { checksVersion = true, now = () => 0, onWrite } = this.#options;
    const version = this.#lanes.latest(lane.laneId)?.item.version ?? 0;
    if (checksVersion && version !== lane.version - 1) return false;
    this.#lanes.write(lane.laneId, { item: structuredClone(lane), token, writtenAt: now() });
    onWrite?.(lane);
    return true;
  }

  #due(until: number): Listing<Lane> {
    const { now = () => 0, lagMs = () => 0 } = this.#options;
    const lanes = this.#lanes.asOf(now() - lagMs());
    return {
      name: 'lanes',
      items: lanes.filter((lane) => (dueAtOf(lane) ?? Number.POSITIVE_INFINITY) <= until),
      placeOf: (lane) => [dueAtOf(lane) ?? 0, lane.laneId],
    };
  }
}
