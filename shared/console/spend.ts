import { isEnded } from '../batch/status.ts';
import type { BatchInfo } from '../client/batchInfo.ts';
import { type Group, groupsOf } from './groups.ts';
import type { Period } from './period.ts';

/** The fields of a batch that say what it cost, when, and for whom. */
export type SpentBatch = Pick<
  BatchInfo,
  | ('status' | 'endedAt' | 'cost' | 'estimatedCost' | 'attempts')
  | ('provider' | 'model' | 'tenant' | 'metadata')
>;

/** What the money is split by. */
export type SpendBy =
  | { readonly kind: 'provider' | 'model' | 'tenant' }
  | { readonly kind: 'metadata'; readonly key: string };

/** Before the key of the metadata that money is split by, in an address. */
export const METADATA_PREFIX = 'metadata:';

/** Estimates beside costs, of the batches that have both and had a job. USD. */
export interface Compared {
  readonly batches: number;
  readonly estimated: number;
  readonly actual: number;
}

/** What some batches have cost. Money is in USD. */
export interface Spent {
  /** The costs that are known, in the order of the groups. */
  readonly costs: readonly number[];
  /** Batches that have ended. */
  readonly ended: number;
  /** Those of them whose cost is not known. */
  readonly unknown: number;
  readonly compared: Compared;
}

/** The money of a period. The whole cost of a batch counts on the UTC day on which it ended. */
export interface Spend {
  readonly groups: readonly Group[];
  readonly days: readonly (Spent & { readonly day: string })[];
  readonly total: Spent;
  /** What open batches have cost so far, which counts on no day yet. */
  readonly open: { readonly batches: number; readonly cost: number; readonly unknown: number };
}

/** The batches that have ended in a period. */
export function endedIn<B extends Pick<BatchInfo, 'endedAt'>>(
  batches: readonly B[],
  { days }: Period,
): readonly B[] {
  const [first = ''] = days;
  const last = days.at(-1) ?? '';
  // Times of ISO 8601 in UTC are in order as texts. The handler's clock may be ahead of this one.
  return batches.filter(
    ({ endedAt }) => endedAt !== undefined && endedAt >= first && dayOf(endedAt) <= last,
  );
}

function dayOf(time: string): string {
  return time.slice(0, 10);
}

/** Sums up what batches have cost, day by day. */
export function spendOf(batches: readonly SpentBatch[], period: Period, by: SpendBy): Spend {
  const ended = endedIn(batches, period);
  const { groups, indexOf } = groupsOf(
    ended.map((batch) => ({ value: splitValue(batch, by), weight: batch.cost ?? 0 })),
  );
  const days = new Map(period.days.map((day) => [day, new Sum(groups.length)]));
  const total = new Sum(groups.length);
  for (const batch of ended) {
    const index = indexOf(splitValue(batch, by));
    days.get(dayOf(batch.endedAt ?? ''))?.add(batch, index);
    total.add(batch, index);
  }
  return {
    groups,
    days: [...days].map(([day, sum]) => ({ day, ...sum.spent() })),
    total: total.spent(),
    open: openSpend(batches),
  };
}

/** Metadata keys that are offered to split by. */
const MAX_KEYS = 50;

/** The keys of the metadata of batches that have ended in a period, the most frequent first. */
export function metadataKeys(batches: readonly SpentBatch[], period: Period): readonly string[] {
  const counts = new Map<string, number>();
  for (const { metadata } of endedIn(batches, period))
    for (const key of Object.keys(metadata)) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts]
    .sort(([a, countOfA], [b, countOfB]) => countOfB - countOfA || (a < b ? -1 : 1))
    .slice(0, MAX_KEYS)
    .map(([key]) => key);
}

function splitValue(batch: SpentBatch, by: SpendBy): string | undefined {
  if (by.kind !== 'metadata') return batch[by.kind];
  // A key may have the name of a property of every object.
  return Object.hasOwn(batch.metadata, by.key) ? batch.metadata[by.key] : undefined;
}

class Sum {
  readonly #costs: number[];
  #ended = 0;
  #unknown = 0;
  #compared: Compared = { batches: 0, estimated: 0, actual: 0 };

  constructor(groups: number) {
    this.#costs = Array.from({ length: groups }, () => 0);
  }

  add({ cost, estimatedCost, attempts }: SpentBatch, group: number): void {
    this.#ended += 1;
    if (cost === null) {
      this.#unknown += 1;
      return;
    }
    this.#costs[group] = (this.#costs[group] ?? 0) + cost;
    // One that ended before its first job says nothing about estimates.
    if (estimatedCost === undefined || attempts === 0) return;
    const { batches, estimated, actual } = this.#compared;
    this.#compared = {
      batches: batches + 1,
      estimated: estimated + estimatedCost,
      actual: actual + cost,
    };
  }

  spent(): Spent {
    return {
      ...{ costs: this.#costs, ended: this.#ended, unknown: this.#unknown },
      compared: this.#compared,
    };
  }
}

function openSpend(batches: readonly SpentBatch[]): Spend['open'] {
  let count = 0;
  let sum = 0;
  let unknown = 0;
  for (const { status, cost } of batches) {
    if (isEnded(status)) continue;
    count += 1;
    sum += cost ?? 0;
    if (cost === null) unknown += 1;
  }
  return { batches: count, cost: sum, unknown };
}
