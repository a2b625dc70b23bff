import type { Lane } from './collectorLane.ts';
import type { JoinMessage } from './collectorMessages.ts';
import type { CollectorSettings } from './collectorSettings.ts';
import type { Page } from './ports.ts';

/** The lanes, in the table of batches. */
export interface LaneStore {
  /** A strongly consistent read. Throws NewerSchemaError for a record of a newer version. */
  get(laneId: string): Promise<Lane | undefined>;
  /** Writes the lane if it is still at `version - 1` of it; my own write is told from another's. */
  replace(lane: Lane): Promise<'written' | 'conflict'>;
  /** Ids of the lanes with a window to be sealed or joined at or before `until`. Hints. */
  listDue(until: number, cursor?: string): Promise<Page<string>>;
}

/** What a request is known by to the caller. */
export interface RequestName {
  readonly provider: string;
  readonly customId: string;
}

/** Where a request is run, once and for all. */
export interface RequestPlace {
  readonly batchId: string;
  /** Chunk and byte offset: tells the two apart if one batch was sent the same request twice. */
  readonly position: string;
  /** Of what the request says. */
  readonly digest: string;
}

/** Which batch each request is in. */
export interface RequestRegister {
  /**
   * Takes the place for the request, unless it has one: the first to come keeps it. Repeating it
   * changes nothing.
   *
   * @returns the place that the request has now
   */
  claim(name: RequestName, place: RequestPlace, now: number): Promise<RequestPlace>;
}

/** The queue of single requests. */
export interface CollectorQueue {
  sendJoin(message: JoinMessage): Promise<void>;
  /** Puts a request that can never succeed aside, its reason as an attribute. */
  sendDeadLetter(body: string, reason: string, messageId: string): Promise<void>;
}

/** What gathers single requests into batches, in a deployment that does. */
export interface Collector {
  readonly settings: CollectorSettings;
  readonly lanes: LaneStore;
  readonly requests: RequestRegister;
  readonly queue: CollectorQueue;
}
