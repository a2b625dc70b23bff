import * as z from 'zod';
import { maxBackoffMs, type Policy } from '../batch/policy.ts';

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

/** When a window is full. */
export interface WindowLimits {
  readonly maxRequests: number;
  readonly maxBytes: number;
  readonly maxAgeSeconds: number;
}

/** Requests that were written together. */
export interface Chunk {
  readonly token: string;
  readonly requests: number;
  readonly bytes: number;
}

/**
 * Chunks of one window, and of one lane. A name takes 35 bytes, an item of DynamoDB 400 KB: then
 * requests stay in their queue until there is room.
 */
const MAX_WINDOW_CHUNKS = 2_000;
const MAX_LANE_CHUNKS = 8_000;

/** What the open window has room for. */
export function roomIn({ open }: Lane, limits: WindowLimits): Omit<Chunk, 'token'> {
  return {
    requests: limits.maxRequests - (open?.requests ?? 0),
    bytes: limits.maxBytes - (open?.bytes ?? 0),
  };
}

/** Whether the lane waits for its windows to be joined before it can take more. */
export function isWindowBlocked({ open, sealed }: Lane): boolean {
  const windows = [...sealed, ...(open ? [open] : [])];
  return windows.reduce((sum, { chunks }) => sum + chunks.length, 0) >= MAX_LANE_CHUNKS;
}

/** A redelivery of the very same messages makes the same chunk. */
export function hasChunk({ open, sealed }: Lane, token: string): boolean {
  return [...sealed, ...(open ? [open] : [])].some(({ chunks }) => chunks.includes(token));
}

/** Adds a chunk to the open window, or to a new one, and seals it if it is full then. */
export function withChunk(lane: Lane, chunk: Chunk, limits: WindowLimits, now: number): Lane {
  const open: Window = lane.open ?? {
    number: lane.next,
    dueAt: now + limits.maxAgeSeconds * 1000,
    requests: 0,
    bytes: 0,
    chunks: [],
  };
  const filled = {
    ...open,
    requests: open.requests + chunk.requests,
    bytes: open.bytes + chunk.bytes,
    chunks: [...open.chunks, chunk.token],
  };
  const added = { ...lane, next: open.number + 1, open: filled };
  return isFull(filled, limits) ? sealed(added, now) : added;
}

/** Closes the open window: its batch is due now. */
export function sealed(lane: Lane, now: number): Lane {
  const { open, ...rest } = lane;
  if (!open) return lane;
  return { ...rest, sealed: [...lane.sealed, { ...open, dueAt: now, sends: 0 }] };
}

/** When something is to be done about the lane; undefined if nothing is owed. */
export function dueAtOf({ open, sealed }: Lane): number | undefined {
  const times = [...sealed, ...(open ? [open] : [])].map(({ dueAt }) => dueAt);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Without a window whose batch exists, or that has none. */
export function withoutWindow(lane: Lane, number: number): Lane {
  return { ...lane, sealed: lane.sealed.filter((window) => window.number !== number) };
}

/**
 * What a sweep does: seals a window that has reached its age, and notes which of the sealed ones
 * are sent to be joined, with a doubling wait until they are sent again.
 *
 * @returns the lane, the very same if there is nothing to do, and the numbers of the windows to be
 *   sent once it is written
 */
export function swept(
  lane: Lane,
  policy: Pick<Policy, 'resendBackoff'>,
  now: number,
): { readonly lane: Lane; readonly toJoin: readonly number[] } {
  const isAged = lane.open !== undefined && lane.open.dueAt <= now;
  const current = isAged ? sealed(lane, now) : lane;
  const toJoin = current.sealed.filter(({ dueAt }) => dueAt <= now).map(({ number }) => number);
  if (toJoin.length === 0) return { lane: current, toJoin };
  const sent = current.sealed.map((window) => {
    if (!toJoin.includes(window.number)) return window;
    const { sends } = window;
    return { ...window, sends: sends + 1, dueAt: now + maxBackoffMs(policy.resendBackoff, sends) };
  });
  return { lane: { ...current, sealed: sent }, toJoin };
}

function isFull({ requests, bytes, chunks }: Window, limits: WindowLimits): boolean {
  return (
    requests >= limits.maxRequests || bytes >= limits.maxBytes || chunks.length >= MAX_WINDOW_CHUNKS
  );
}
