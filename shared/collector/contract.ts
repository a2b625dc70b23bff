import * as z from 'zod';
import { MESSAGE_BODY_PREFIX } from '../batch/ids.ts';
import type { IndexPage } from '../batch/ports.ts';
import type { Lane } from './lane.ts';

/** A single request: a line of an OpenAI batch file, and the provider entry that runs it. */
export const requestMessageSchema = z.strictObject({
  /** Unique among all requests that are sent to the collector for the same provider entry. */
  custom_id: z.string().min(1).max(512),
  method: z.literal('POST'),
  url: z.string().startsWith('/'),
  body: z.record(z.string(), z.unknown()),
  /** A provider entry of the deployment. Default: the `provider` of the collector's settings. */
  provider: z.string().optional(),
});

/** Points to a request in the handler's bucket that is too large for a message. */
export const requestPointerSchema = z.strictObject({
  schemaVersion: z.number().int().optional(),
  action: z.literal('pointer'),
  key: z.string().startsWith(MESSAGE_BODY_PREFIX),
});

/** Internal: makes a batch of a sealed window's requests. */
export const joinMessageSchema = z.strictObject({
  action: z.literal('join'),
  laneId: z.string(),
  window: z.number().int().positive(),
});
export type JoinMessage = z.infer<typeof joinMessageSchema>;

/** How single requests are gathered into batches. */
export const collectorSettingsSchema = z.strictObject({
  /** Maximum number of requests in one batch. Default 10,000. */
  maxRequests: z.number().int().min(1).max(100_000).default(10_000),
  /** How long the first request of a batch waits for more, in seconds. Default 300. */
  maxAgeSeconds: z
    .number()
    .int()
    .min(1)
    .max(24 * 60 * 60)
    .default(300),
  /** The provider entry for requests that name none. Default: the first entry. */
  provider: z.string().optional(),
  /** Priority of the batches; higher starts first. Default 0. */
  priority: z.number().int().min(-500).max(499).default(0),
  /** Metadata of the batches, passed to the processor and to events. At most 16 pairs. */
  metadata: z
    .record(z.string().min(1).max(64), z.string().max(512))
    .refine((pairs) => Object.keys(pairs).length <= 16, 'must have at most 16 pairs')
    .default({}),
});
export type CollectorSettings = z.infer<typeof collectorSettingsSchema>;
/** The settings as a deployment gives them. All are optional. */
export type CollectorSettingsInput = z.input<typeof collectorSettingsSchema>;

/** Stores the lanes in the table of batches. */
export interface LaneStore {
  /** A strongly consistent read. Throws NewerSchemaError for a record of a newer version. */
  get(laneId: string): Promise<Lane | undefined>;
  /** Writes the lane if the stored one has `version - 1`. A write whose reply was lost is recognized. */
  replace(lane: Lane): Promise<'written' | 'conflict'>;
  /** Ids of lanes with a window to seal or to join at or before `until`. The index may be stale. */
  listDue(until: number, cursor?: string): Promise<IndexPage<string>>;
}

/** Identifies a request to its sender. */
export interface RequestName {
  readonly provider: string;
  readonly customId: string;
}

/** The batch that runs a request. Once made, an assignment never changes. */
export interface RequestAssignment {
  readonly batchId: string;
  /** Chunk and byte offset, which tell two equal requests in one batch apart. */
  readonly position: string;
  /** Hash of the request's content. */
  readonly digest: string;
}

/** Records which batch each request is assigned to. */
export interface RequestRegister {
  /**
   * Assigns a request unless it is assigned already. Idempotent.
   *
   * @returns the assignment that stands
   */
  claim(name: RequestName, assignment: RequestAssignment, now: number): Promise<RequestAssignment>;
}

/** The queue of single requests. */
export interface CollectorQueue {
  sendJoin(message: JoinMessage): Promise<void>;
  /** Moves a request that can never succeed to the dead-letter queue, with the reason as an attribute. */
  sendDeadLetter(body: string, reason: string, messageId: string): Promise<void>;
}

/** The ports of the collector, in a deployment that has one. */
export interface Collector {
  readonly settings: CollectorSettings;
  readonly lanes: LaneStore;
  readonly requests: RequestRegister;
  readonly queue: CollectorQueue;
}
