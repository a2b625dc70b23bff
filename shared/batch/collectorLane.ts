import * as z from 'zod';

const time = z.number();

/** Requests that become one batch. */
const windowSchema = z.object({
  /** From 1, in the lane. */
  number: z.number().int().positive(),
  /** When it is sealed at the latest, or looked at again once it is. Milliseconds since 1970. */
  dueAt: time,
  /** Gathered so far, repeated ones included. */
  requests: z.number().int(),
  bytes: z.number().int(),
  /** Names of the objects that hold the requests, in order. */
  chunks: z.array(z.string()),
});

/** Nothing is added to it any more. */
const sealedSchema = windowSchema.extend({
  /** How often it was sent to be joined. */
  sends: z.number().int(),
});

/** The requests that may share a batch: those of one provider, model and endpoint. */
export const laneSchema = z.object({
  schemaVersion: z.number().int(),
  /** Rises with every write. */
  version: z.number().int(),
  laneId: z.string(),
  provider: z.string(),
  model: z.string(),
  endpoint: z.string(),
  /** Number of the next window. Never goes back, so that no two batches share an id. */
  next: z.number().int().positive(),
  open: windowSchema.optional(),
  /** Those whose batch is not known to exist yet. */
  sealed: z.array(sealedSchema),
});
export type Lane = z.infer<typeof laneSchema>;
export type Window = z.infer<typeof windowSchema>;

/** The batch that a window becomes. */
export function collectedBatchId(laneId: string, window: number): string {
  return `collected-${laneId}-${window}`;
}

/** Where a chunk is kept: beside the file that it becomes part of. */
export function chunkKey(token: string): string {
  return `uploads/collector/${token}.jsonl`;
}
