import { duePartition } from '../batch/partitions.ts';
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

/** One of the partitions of the batches that have a `dueAt`. */
export function openPartition(partition: number): string {
  return `${OPEN_PREFIX}${partition}`;
}

/** The partition of a batch that has a `dueAt`, of so many. */
export function openQueue(batchId: string, partitions: number): string {
  return openPartition(duePartition(batchId, partitions));
}

/** One of the partitions of the batches that occupy a provider. The names of entries have no `#`. */
export function activePartition(provider: string, partition: number): string {
  return partition === 0 ? provider : `${provider}#${partition}`;
}

/** The UTC month of a time, such as `2027-01`: a partition of the `created` index. */
export function createdMonth(time: number): string {
  return new Date(time).toISOString().slice(0, 'yyyy-mm'.length);
}
