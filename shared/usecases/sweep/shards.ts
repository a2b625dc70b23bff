import { everyActive, everyDue, usualActive, usualDue } from '../../batch/partitions.ts';
import type { BatchStore, SweepCursors } from '../../batch/ports.ts';
import { STATUSES, type Status } from '../../batch/status.ts';

/**
 * What one sweep is to do. With one shard, it does everything. With several, each shard has a sweep of its
 * own, which acts on the batches in its partitions; and one sweep without a shard, the coordinator, does
 * what concerns all of them: it starts batches, and finds the jobs of expired claims.
 */
export interface SweepPart {
  /** How many shards there are. */
  readonly shards: number;
  /** The shard that this sweep is for, from 0. */
  readonly shard?: number | undefined;
}

export const WHOLE: SweepPart = { shards: 1 };

/** What a sweep reads. */
export interface SweepScope {
  /** Whether it does what concerns all batches. */
  readonly coordinates: boolean;
  /** Partitions of the due batches that it acts on. */
  readonly due: readonly number[];
  /** The statuses of those batches. */
  readonly dueStatuses: readonly Status[];
  /** Partitions of the jobs that it checks. */
  readonly checked: readonly number[];
  /** Partitions in which something may occupy a provider, whichever shard checks it. */
  readonly active: readonly number[];
  /**
   * Whether it looks for batches that were written when there were several shards. Undefined: there can be
   * none.
   */
  readonly looksForStrays: boolean | undefined;
}

/** Running batches are checked provider by provider, and queued ones are started by admission. */
const OTHERS = STATUSES.filter((status) => status !== 'running' && status !== 'queued');
/** The coordinator lists a provider's jobs once for all claims that have expired. */
const COORDINATED: readonly Status[] = ['submitting'];
const OF_SHARDS = OTHERS.filter((status) => !COORDINATED.includes(status));

/**
 * What a sweep reads. Each partition belongs to exactly one of the shards, however many there are; a change
 * of their number moves no batch.
 *
 * @param cursors of the sweep before
 */
export function scopeOf(
  { shards, shard }: SweepPart,
  batches: Pick<BatchStore, 'partitions' | 'everyPartition'>,
  { cursors, now }: { readonly cursors: SweepCursors; readonly now: number },
): SweepScope {
  const all = { due: everyDue(batches), active: everyActive(batches) };
  if (shard !== undefined) {
    const isOwn = (partition: number) => partition % shards === shard;
    const active = all.active.filter(isOwn);
    const own = { due: all.due.filter(isOwn), checked: active, active };
    return { ...own, coordinates: false, dueStatuses: OF_SHARDS, looksForStrays: undefined };
  }
  if (shards > 1) {
    const read = { due: all.due, checked: [], active: all.active };
    return { ...read, coordinates: true, dueStatuses: COORDINATED, looksForStrays: undefined };
  }
  const usual = { due: usualDue(batches), active: usualActive(batches) };
  const hasOthers = all.due.length + all.active.length > usual.due.length + usual.active.length;
  const looksForStrays = hasOthers ? mayHaveStrays(cursors, now) : undefined;
  const { due, active } = looksForStrays ? all : usual;
  return {
    ...{ due, active, looksForStrays, checked: active },
    ...{ coordinates: true, dueStatuses: OTHERS },
  };
}

const HOUR_MS = 3_600_000;

/** Names of the notes that a sweep leaves to the next one, beside its cursors. */
const NOTES = {
  /** Since when there are how many shards. */
  shards: 'shards',
  /** When a stray was last seen, or may have been written. */
  strays: 'strays',
  /** When strays were last looked for. */
  looked: 'looked',
} as const;

/**
 * Whether batches may be in partitions that the only shard does not write into: because there were several
 * shards before, whose functions may still be running. An hour after none was seen any more they are looked
 * for once an hour, for a deployment of several shards that was undone before its first sweep.
 */
function mayHaveStrays(cursors: SweepCursors, now: number): boolean {
  if (cursors[NOTES.shards] !== undefined) return true;
  const sinceSeen = now - timeOf(cursors, NOTES.strays);
  const sinceLook = now - timeOf(cursors, NOTES.looked, now);
  return sinceSeen < HOUR_MS || sinceLook >= HOUR_MS;
}

/**
 * What the only shard leaves to its next sweep.
 *
 * @param mayHaveMore whether strays were seen, or could not be looked for
 */
export function notesOfStrays(
  cursors: SweepCursors,
  { looksForStrays }: Pick<SweepScope, 'looksForStrays'>,
  { mayHaveMore, now }: { readonly mayHaveMore: boolean; readonly now: number },
): SweepCursors {
  if (looksForStrays === undefined) return {};
  const hadShards = cursors[NOTES.shards] !== undefined;
  const looked = looksForStrays ? now : timeOf(cursors, NOTES.looked, now);
  const seen = hadShards || (looksForStrays && mayHaveMore) ? now : timeOf(cursors, NOTES.strays);
  return {
    [NOTES.looked]: String(looked),
    ...(seen > 0 && { [NOTES.strays]: String(seen) }),
  };
}

/** A note that is absent or cannot be read is `otherwise`. */
function timeOf(cursors: SweepCursors, name: string, otherwise = 0): number {
  const time = Number(cursors[name] ?? otherwise);
  return Number.isFinite(time) ? time : otherwise;
}

/** Since when there are so many shards, in milliseconds since 1970. */
export function shardedSince(cursors: SweepCursors, shards: number, now: number): number {
  const [count, since] = (cursors[NOTES.shards] ?? '').split('@').map(Number);
  return count === shards && since !== undefined && since <= now ? since : now;
}

/** What the coordinator leaves to its next sweep. */
export function notesOfShards(shards: number, since: number): SweepCursors {
  return { [NOTES.shards]: `${shards}@${since}` };
}
