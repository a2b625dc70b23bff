import type { BatchFields } from './record.ts';
import type { BatchStore, Partitions } from './storePorts.ts';

/** Half as many as there are partitions, so that each shard has two at least. */
export const MAX_SHARDS = 32;

/** The number of the partition of a batch that has a `dueAt`, of so many. */
export function duePartition(batchId: string, partitions: number): number {
  return hash(batchId) % partitions;
}

/**
 * Jobs that were created in the same window are in the same partition. A thousand workers create about
 * 50,000 small jobs in this time, so that no window is too much for one shard.
 */
const WINDOW_MS = 5 * 60_000;

/**
 * The number of the partition of a batch that occupies a provider, of so many. It follows from the time at
 * which its job was created, so that those of a partition follow each other in the provider's own list.
 */
export function jobPartition(
  { job, statusAt }: Pick<BatchFields, 'job' | 'statusAt'>,
  partitions: number,
): number {
  return Math.floor((job?.submittedAt ?? statusAt) / WINDOW_MS) % partitions;
}

/** FNV-1a, 32 bits: https://datatracker.ietf.org/doc/html/draft-eastlake-fnv */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}

type Store = Pick<BatchStore, 'partitions' | 'everyPartition'>;

/** The partitions in which a batch that is due may be. */
export function everyDue(store: Store): readonly number[] {
  return numbersOf(every(store).due);
}

/** The partitions in which a batch that occupies a provider may be. */
export function everyActive(store: Store): readonly number[] {
  return numbersOf(every(store).active);
}

/** The partitions that batches which occupy a provider are written into. */
export function usualActive({ partitions }: Pick<Store, 'partitions'>): readonly number[] {
  return numbersOf(partitions.active);
}

/** The partitions that batches which are due are written into. */
export function usualDue({ partitions }: Pick<Store, 'partitions'>): readonly number[] {
  return numbersOf(partitions.due);
}

function every({ partitions, everyPartition = partitions }: Store): Partitions {
  return everyPartition;
}

function numbersOf(count: number): readonly number[] {
  return Array.from({ length: count }, (_, number) => number);
}
