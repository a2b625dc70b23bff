import type { Batch } from '../batch/batch.ts';

/** Keys of the `due` index. Fixed width, so that text sorts as the numbers do. */

/** Milliseconds since 1970 in 15 digits: enough until the year 33658. */
export function timeKey(time: number): string {
  // Up, so that nothing appears due before it is.
  return String(Math.ceil(time)).padStart(15, '0');
}

/** Where the batches of a provider wait for capacity. */
export function waitingQueue(provider: string): string {
  return `waiting#${provider}`;
}

/** The range that messages may ask for: -500 to 499. */
const HIGHEST_PRIORITY = 499;

/** Sorts by priority, the highest first, then by age. */
export function waitingKey({ priority, createdAt }: Batch): string {
  const rank = Math.min(999, Math.max(0, HIGHEST_PRIORITY - priority));
  return `${String(rank).padStart(3, '0')}#${timeKey(createdAt)}`;
}

/** When a batch of the waiting queue was created. */
export function createdAtOf(key: string): number {
  return Number(key.slice(key.indexOf('#') + 1));
}

/** Where the batches of a shard are that owe something. */
export function shardQueue(shard: number): string {
  return `open#${shard}`;
}

/** A batch keeps its shard for life: with fewer shards than before, some would not be swept. */
export function openQueue(batchId: string, shards: number): string {
  return shardQueue(hash(batchId) % shards);
}

/** FNV-1a, 32 bits: https://datatracker.ietf.org/doc/html/draft-eastlake-fnv */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}
