import type { WaitingQueue } from '../batch/ports.ts';
import type { Batch } from '../batch/record.ts';

/** Keys of the indexes. Fixed width, so that text sorts as the numbers do. */

/** Milliseconds since 1970 in 15 digits: enough until the year 33658. */
export function timeKey(time: number): string {
  // Rounded up, so that nothing appears due before it is.
  return String(Math.ceil(time)).padStart(15, '0');
}

/** Begins the partitions of the batches that wait for capacity at a provider. */
export const WAITING_PREFIX = 'waiting#';

/** Partition of the batches that wait for capacity at a provider: those of a tenant, or of none. */
export function waitingPartition({ provider, tenant }: WaitingQueue): string {
  return WAITING_PREFIX + provider + (tenant === undefined ? '' : `#${tenant}`);
}

/** Messages may set priorities from -500 to 499. */
const HIGHEST_PRIORITY = 499;

/** Sorts by priority, the highest first, then by age. */
export function waitingKey({ spec, createdAt }: Pick<Batch, 'spec' | 'createdAt'>): string {
  const rank = Math.min(999, Math.max(0, HIGHEST_PRIORITY - spec.priority));
  return `${String(rank).padStart(3, '0')}#${timeKey(createdAt)}`;
}

/** Priority and time of creation of a batch, of its key in a waiting queue. */
export function readWaitingKey(key: string): { priority: number; createdAt: number } {
  const [rank, createdAt] = key.split('#');
  return { priority: HIGHEST_PRIORITY - Number(rank), createdAt: Number(createdAt) };
}

/** Begins the partitions of the other batches that have a `dueAt`. */
export const OPEN_PREFIX = 'open#';

/** Partition of a shard's batches that have a `dueAt`. */
export function shardQueue(shard: number): string {
  return `${OPEN_PREFIX}${shard}`;
}

/** A batch keeps its shard for life. With fewer shards than before, some batches would not be swept. */
export function openQueue(batchId: string, shards: number): string {
  return shardQueue(hash(batchId) % shards);
}

/** FNV-1a, 32 bits: https://datatracker.ietf.org/doc/html/draft-eastlake-fnv */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}

/** The UTC month of a time, such as `2027-01`: a partition of the `created` index. */
export function createdMonth(time: number): string {
  return new Date(time).toISOString().slice(0, 'yyyy-mm'.length);
}
