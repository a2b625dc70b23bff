import { isEnded } from '../batch/status.ts';
import type { BatchInfo } from '../client/batchInfo.ts';

/** The filter of the table of batches, as the address of the page has it. An absent field lets all pass. */
export interface BatchesFilter {
  /** Statuses, separated by commas. `open` is each of those that have not ended. */
  readonly status?: string | undefined;
  readonly provider?: string | undefined;
  readonly tenant?: string | undefined;
  /** `key=value`, or a key that the batch has, whatever its value. */
  readonly metadata?: string | undefined;
  /** Created at or after this time, ISO 8601 or a date in UTC. */
  readonly since?: string | undefined;
  /** Created before this time. */
  readonly until?: string | undefined;
  /** Part of the id, whatever the case of its letters. */
  readonly id?: string | undefined;
}

/** The names of the fields in the address. */
export const FILTER_FIELDS = [
  ...(['id', 'status', 'provider', 'tenant', 'metadata', 'since', 'until'] as const),
] as const satisfies readonly (keyof BatchesFilter)[];

/** As much of a batch as a filter looks at. */
type Filtered = Pick<
  BatchInfo,
  'batchId' | 'status' | 'provider' | 'tenant' | 'metadata' | 'createdAt'
>;

/** Whether batches pass a filter. The page and the server decide alike. */
export function passing(filter: BatchesFilter): (batch: Filtered) => boolean {
  const { provider, tenant } = filter;
  const statuses = filter.status?.split(',');
  const id = filter.id?.toLowerCase();
  const [key = '', ...value] = (filter.metadata ?? '').split('=');
  const wanted = value.length === 0 ? undefined : value.join('=');
  const since = isoTime(filter.since);
  const until = isoTime(filter.until);
  return (batch) => {
    const { status, metadata, createdAt } = batch;
    if (statuses && !statuses.includes(status) && (isEnded(status) || !statuses.includes('open')))
      return false;
    if (provider !== undefined && batch.provider !== provider) return false;
    if (tenant !== undefined && batch.tenant !== tenant) return false;
    if (key !== '' && !(Object.hasOwn(metadata, key) && isWanted(metadata[key], wanted)))
      return false;
    if (since !== undefined && createdAt < since) return false;
    if (until !== undefined && createdAt >= until) return false;
    return id === undefined || batch.batchId.toLowerCase().includes(id);
  };
}

function isWanted(value: string | undefined, wanted: string | undefined): boolean {
  return wanted === undefined || value === wanted;
}

/** A time of a filter in the form of those of batches. Undefined if it is none. */
export function isoTime(time: string | undefined): string | undefined {
  const date = new Date(time ?? '');
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
