import * as z from 'zod';
import { maxBackoffMs, type Policy } from '../batch/policy.ts';

const time = z.number();

/** The version of the lanes that this code writes, and the newest that it reads. */
export const LANE_SCHEMA_VERSION = 1;

/** A window holds the requests that become one batch. */
const windowSchema = z.object({
  /** Counts from 1 in each lane. */
  number: z.number().int().positive(),
  /** When an open window is sealed, or a sealed one is sent to be joined again. Milliseconds since 1970. */
  dueAt: time,
  /** Requests so far, repeated ones included. */
  requests: z.number().int(),
  bytes: z.number().int(),
  /** Tokens of the chunks that hold the requests, in order. */
  chunks: z.array(z.string()),
  /** Numbers that it had before: the ids of those batches were taken. */
  formerNumbers: z.array(z.number().int().positive()).optional(),
});

/** A window that takes no more requests. */
const sealedSchema = windowSchema.extend({
  /** How often it was sent to be joined. */
  sends: z.number().int(),
});

/** Requests of one provider, model and endpoint, which may share a batch. */
export const laneSchema = z.object({
  schemaVersion: z.number().int(),
  /** Rises with every write. */
  version: z.number().int(),
  laneId: z.string(),
  provider: z.string(),
  model: z.string(),
  endpoint: z.string(),
  /** Number of the next window. It never decreases, so that no two batches share an id. */
  next: z.number().int().positive(),
  open: windowSchema.optional(),
  /** Sealed windows whose batches are not known to exist yet. */
  sealed: z.array(sealedSchema),
});
export type Lane = z.infer<typeof laneSchema>;
export type Window = z.infer<typeof windowSchema>;

/** Id of the batch that a window becomes. */
export function collectedBatchId(laneId: string, window: number): string {
  return `collected-${laneId}-${window}`;
}

/** Key of a chunk in the handler's bucket. */
export function chunkKey(token: string): string {
  return `uploads/collector/${token}.jsonl`;
}

/** A window that reaches one of these is sealed. */
export interface WindowLimits {
  readonly maxRequests: number;
  readonly maxBytes: number;
  readonly maxAgeSeconds: number;
}

/** Requests that were written to the bucket as one object. */
export interface Chunk {
  readonly token: string;
  readonly requests: number;
  readonly bytes: number;
}

const MAX_WINDOW_CHUNKS = 2_000;

/**
 * Bytes of windows and chunks at which further requests stay in their queue until windows have been
 * joined. A lane is one item, of at most 400 KB in DynamoDB, and small windows fill it as well as
 * many chunks do: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
 */
const MAX_LANE_BYTES = 300_000;
/** Of the JSON of a token, and of a window without its tokens. */
const TOKEN_BYTES = 35;
const WINDOW_BYTES = 150;

/** How many requests and bytes the open window can still take. */
export function remainingIn({ open }: Lane, limits: WindowLimits): Omit<Chunk, 'token'> {
  return {
    requests: limits.maxRequests - (open?.requests ?? 0),
    bytes: limits.maxBytes - (open?.bytes ?? 0),
  };
}

/** Whether the lane takes no more requests before some of its windows have been joined. */
export function isLaneFull({ open, sealed }: Lane): boolean {
  const windows = [...sealed, ...(open ? [open] : [])];
  const bytes = windows.map(({ chunks }) => WINDOW_BYTES + TOKEN_BYTES * chunks.length);
  return bytes.reduce((sum, each) => sum + each, 0) >= MAX_LANE_BYTES;
}

/** Whether the lane names the chunk already: messages that are delivered again make the same chunk. */
export function hasChunk({ open, sealed }: Lane, token: string): boolean {
  return [...sealed, ...(open ? [open] : [])].some(({ chunks }) => chunks.includes(token));
}

/** Adds a chunk to the open window or to a new one, and seals the window if that fills it. */
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
  const added = { ...lane, next: Math.max(lane.next, open.number + 1), open: filled };
  return isFull(filled, limits) ? withOpenSealed(added, now) : added;
}

/** Seals the open window. Its batch is due now. */
export function withOpenSealed(lane: Lane, now: number): Lane {
  const { open, ...rest } = lane;
  if (!open) return lane;
  return { ...rest, sealed: [...lane.sealed, { ...open, dueAt: now, sends: 0 }] };
}

/** When a sweep must act on the lane; undefined if it need not. */
export function dueAtOf({ open, sealed }: Lane): number | undefined {
  const times = [...sealed, ...(open ? [open] : [])].map(({ dueAt }) => dueAt);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Removes a sealed window: its batch exists, or needs none. */
export function withoutWindow(lane: Lane, number: number): Lane {
  return { ...lane, sealed: lane.sealed.filter((window) => window.number !== number) };
}

/** Gives a sealed window another number, because the id of its batch is taken. It is due now. */
export function withNewNumber(lane: Lane, number: number, now: number): Lane {
  const { next } = lane;
  const sealed = lane.sealed.map((window) => {
    if (window.number !== number) return window;
    const formerNumbers = [...(window.formerNumbers ?? []), number];
    return { ...window, number: next, formerNumbers, dueAt: now, sends: 0 };
  });
  return { ...lane, next: next + 1, sealed };
}

/**
 * Sweeps a lane: seals the open window if it has reached its age, and schedules the sealed windows
 * that are due to be joined, each with a doubling wait before it is sent again.
 *
 * @returns the lane, unchanged if there is nothing to do, and the numbers of the windows to send
 *   once it is written
 */
export function sweptLane(
  lane: Lane,
  policy: Pick<Policy, 'resendBackoff'>,
  now: number,
): { readonly lane: Lane; readonly toJoin: readonly number[] } {
  const isAged = lane.open !== undefined && lane.open.dueAt <= now;
  const current = isAged ? withOpenSealed(lane, now) : lane;
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
