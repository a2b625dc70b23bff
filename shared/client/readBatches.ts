import { messageOf } from '../batch/errors.ts';
import type { Batch } from '../batch/record.ts';
import { isEnded, OPEN_STATUSES, type Status } from '../batch/status.ts';
import { batchIdOf, fromItem } from '../stores/batchItem.ts';
import { scanBatches } from '../stores/batchScan.ts';
import { ClientError } from './clientError.ts';
import type { HandlerConnection } from './connection.ts';

export interface BatchFilter {
  /** Only batches with one of these statuses; `open` means all that have not ended. Default: all. */
  readonly status?: readonly Status[] | 'open' | undefined;
  /** Only batches that wait or run at this provider entry. Default: all. */
  readonly provider?: string | undefined;
  /** Only batches of this tenant; null: only those that belong to none. Default: all. */
  readonly tenant?: string | null | undefined;
  /** Only batches whose metadata has all of these values. Default: all. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Only batches created at or after this time, ISO 8601 or a date. Default: all. */
  readonly since?: string | Date | undefined;
  /** Only batches created before this time. Default: all. */
  readonly until?: string | Date | undefined;
  /** Called for a record that cannot be read, such as one of a newer version. Default: it is skipped. */
  readonly onUnreadable?: ((batchId: string, why: string) => void) | undefined;
}

/** Whether a filter allows only batches that have not ended. */
export function isOpenOnly({ status }: BatchFilter): boolean {
  return status === 'open' || (status?.every((each) => !isEnded(each)) ?? false);
}

/**
 * The times between which a filter's batches were created, in milliseconds since 1970.
 *
 * @throws ClientError `invalid_input`
 */
export function rangeOf({ since, until }: BatchFilter): {
  readonly from: number;
  readonly before: number;
} {
  return {
    from: since === undefined ? 0 : timeOf('since', since),
    before: until === undefined ? Number.POSITIVE_INFINITY : timeOf('until', until),
  };
}

function timeOf(name: string, given: string | Date): number {
  const time = new Date(given).getTime();
  if (Number.isNaN(time))
    throw new ClientError(
      'invalid_input',
      `${name}: ${String(given)} is no time: use one such as 2027-01-15T08:00:00Z`,
    );
  return time;
}

export function matches(batch: Batch, filter: BatchFilter): boolean {
  const { status, provider, tenant, metadata = {} } = filter;
  const { from, before } = rangeOf(filter);
  if (status === 'open' && isEnded(batch.status)) return false;
  if (Array.isArray(status) && !status.includes(batch.status)) return false;
  if (provider !== undefined && batch.provider !== provider) return false;
  if (tenant !== undefined && (batch.spec.tenant ?? null) !== tenant) return false;
  if (batch.createdAt < from || batch.createdAt >= before) return false;
  return Object.entries(metadata).every(([key, value]) => batch.spec.metadata[key] === value);
}

/** Records that a store reads in one call, and DynamoDB at most. */
export const MAX_KEYS = 100;

/**
 * Reads up to {@link MAX_KEYS} batches at once. An index is eventually consistent, so that some may not
 * pass the filter, or not exist.
 */
export async function readMatching(
  { batches }: Pick<HandlerConnection, 'batches'>,
  batchIds: readonly string[],
  filter: BatchFilter,
): Promise<readonly Batch[]> {
  const found = await batches.getMany(batchIds);
  const read: Batch[] = [];
  for (const batchId of batchIds) {
    const batch = found.get(batchId) ?? (await readOne({ batches }, batchId, filter));
    if (batch && matches(batch, filter)) read.push(batch);
  }
  return read;
}

/** Reads a batch that `getMany` left out: only `get` throws the reason. */
async function readOne(
  { batches }: Pick<HandlerConnection, 'batches'>,
  batchId: string,
  { onUnreadable }: BatchFilter,
): Promise<Batch | undefined> {
  try {
    return await batches.get(batchId);
  } catch (error) {
    onUnreadable?.(batchId, messageOf(error));
    return undefined;
  }
}

/** The part of a connection that a listing reads. */
export type Listed = Pick<HandlerConnection, 'batches' | 'providerStates' | 'items'> & {
  readonly handler: {
    readonly providers: readonly string[];
    readonly settings: HandlerConnection['handler']['settings'];
  };
};

/**
 * Batches in no order, by a scan of the whole table.
 *
 * @param scope `unindexed`: only those that are not in the index of batches by creation
 */
export async function* scanMatching(
  { items }: Listed,
  filter: BatchFilter,
  scope: 'all' | 'unindexed',
): AsyncGenerator<Batch> {
  const { status, provider, onUnreadable } = filter;
  const pages = scanBatches(items, {
    statuses: status === 'open' ? OPEN_STATUSES : status,
    provider,
    isUnindexed: scope === 'unindexed',
  });
  for await (const page of pages)
    for (const item of page) {
      let batch: Batch;
      try {
        batch = fromItem(item);
      } catch (error) {
        onUnreadable?.(batchIdOf(item), messageOf(error));
        continue;
      }
      if (matches(batch, filter)) yield batch;
    }
}
