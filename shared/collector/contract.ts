import * as z from 'zod';
import { MESSAGE_BODY_PREFIX } from '../batch/ids.ts';
import type { Page } from '../batch/ports.ts';
import type { Lane } from './lane.ts';

/** One request: a line of an OpenAI batch file, and the entry that it goes to. */
export const requestMessageSchema = z.strictObject({
  /** Unique among all requests to the provider entry that are sent to the collector. */
  custom_id: z.string().min(1).max(512),
  method: z.literal('POST'),
  url: z.string().startsWith('/'),
  body: z.record(z.string(), z.unknown()),
  /** A provider entry of the deployment. Default: the collector's. */
  provider: z.string().optional(),
});

/** A request too large for a message, kept in the handler's bucket. */
export const requestPointerSchema = z.strictObject({
  schemaVersion: z.number().int().optional(),
  action: z.literal('pointer'),
  key: z.string().startsWith(MESSAGE_BODY_PREFIX),
});

/** Internal: makes a batch of a sealed window. */
export const joinMessageSchema = z.strictObject({
  action: z.literal('join'),
  laneId: z.string(),
  window: z.number().int().positive(),
});
export type JoinMessage = z.infer<typeof joinMessageSchema>;

/** How single requests are gathered into batches. */
export const collectorSettingsSchema = z.strictObject({
  /** Requests of one batch at most. Default 10,000. */
  maxRequests: z.number().int().min(1).max(100_000).default(10_000),
  /** How long the first request of a batch waits for others, in seconds. Default 300. */
  maxAgeSeconds: z
    .number()
    .int()
    .min(1)
    .max(24 * 60 * 60)
    .default(300),
  /** The provider entry of requests that name none. Default: the first entry. */
  provider: z.string().optional(),
  /** Of the batches: higher starts first. Default 0. */
  priority: z.number().int().min(-500).max(499).default(0),
  /** Of the batches, handed to the processor and to events. At most 16 pairs. */
  metadata: z
    .record(z.string().min(1).max(64), z.string().max(512))
    .refine((pairs) => Object.keys(pairs).length <= 16, 'must have at most 16 pairs')
    .default({}),
});
export type CollectorSettings = z.infer<typeof collectorSettingsSchema>;
/** The settings as a deployment gives them: everything may be left out. */
export type CollectorSettingsInput = z.input<typeof collectorSettingsSchema>;

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
