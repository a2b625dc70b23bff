import * as z from 'zod';
import { DEFAULT_POLICY, lifetimeSeconds, policySettingsSchema } from '../batch/policy.ts';
import type { Batch } from '../batch/record.ts';
import { OPEN_STATUSES } from '../batch/status.ts';
import { AHEAD_MS, type CreatedPlace, listCreated } from '../stores/createdIndex.ts';
import { indexedSince } from '../stores/sweepStores.ts';
import { ClientError } from './clientError.ts';
import {
  type BatchFilter,
  type Listed,
  MAX_KEYS,
  rangeOf,
  readMatching,
  scanMatching,
} from './readBatches.ts';

export interface PageOptions extends BatchFilter {
  /** The most batches of a page. Default: 50 */
  readonly limit?: number | undefined;
  /** The `cursor` of the page before. Default: the first page. */
  readonly cursor?: string | undefined;
}

/** A page of batches, the newest first. */
export interface Page<T> {
  readonly batches: readonly T[];
  /**
   * Where the next page begins. Absent after the last page. A page may have fewer batches than its
   * limit, or none, and be followed by another: a filter may let few pass.
   */
  readonly cursor?: string;
}

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 10_000;
/** Queries that one page takes at most, so that a filter that nothing passes cannot read on for long. */
const MAX_QUERIES = 20;
/** Entries that a query reads if most of them may be left out. */
const FILTERED_ENTRIES = 1_000;

/**
 * One page of the batches, the newest first, without parts. Reads the index of batches by creation, and
 * the records that it shows.
 *
 * Batches that were added before the table had the index, and not written since, come last. A page of
 * them reads the whole table; there are none once all of them have expired.
 *
 * @throws ClientError `invalid_input` for a limit, a time or a cursor that is none
 */
export async function listPage(
  table: Listed,
  options: PageOptions,
  now: number,
): Promise<Page<Batch>> {
  const { limit = DEFAULT_LIMIT } = options;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw new ClientError('invalid_input', `limit: ${limit} is not from 1 to ${MAX_LIMIT}`);
  // A table need not know a filter that nothing can pass.
  if (options.status?.length === 0) return { batches: [] };
  const start = options.cursor === undefined ? undefined : readCursor(options.cursor);
  if (start?.scope) return scannedPage(table, options, limit, { ...start, scope: start.scope });
  const found: Batch[] = [];
  let scope: Scope = 'unindexed';
  let queries = 0;
  for await (const step of newestFirst(table, options, now, start, () => limit - found.length)) {
    found.push(...step.batches);
    if (step.isMissing) scope = 'all';
    queries += 1;
    if (step.next && (found.length >= limit || queries >= MAX_QUERIES))
      return { batches: found, cursor: cursorOf(step.next) };
  }
  if (scope === 'unindexed' && !(await mayHaveUnindexed(table, options, now)))
    return { batches: found };
  const rest = { createdAt: Number.MAX_SAFE_INTEGER, scope };
  // Another page, because it costs much more.
  return found.length > 0
    ? { batches: found, cursor: cursorOf(rest) }
    : scannedPage(table, options, limit, rest);
}

/** Which batches a scan is for, if the index does not show all. */
type Scope = 'all' | 'unindexed';

interface Step {
  readonly batches: readonly Batch[];
  /** What follows. Absent at the end of the index. */
  readonly next: CreatedPlace | undefined;
  /** Set if the table has no such index yet. */
  readonly isMissing: boolean;
}

/**
 * The batches in the index, a query at a time.
 *
 * @param wanted how many batches are still wanted
 */
export async function* newestFirst(
  table: Listed,
  filter: BatchFilter,
  now: number,
  after: CreatedPlace | undefined,
  wanted: () => number = () => MAX_KEYS,
): AsyncGenerator<Step> {
  const { status, provider, tenant, metadata } = filter;
  const { from: since, before } = rangeOf(filter);
  const from = Math.max(since, now - lifetimeMs(table), 0);
  const statuses = status === 'open' ? OPEN_STATUSES : status;
  const isFiltered = [status, provider, tenant, metadata].some((each) => each !== undefined);
  let place: CreatedPlace | undefined = after ?? {
    createdAt: Math.min(before, now + AHEAD_MS),
  };
  while (place !== undefined) {
    const limit = isFiltered ? FILTERED_ENTRIES : Math.min(MAX_KEYS, wanted());
    const page = await listCreated(table.items, { from, statuses, provider, limit }, place);
    let entries = page.items;
    do {
      const some = entries.slice(0, Math.min(MAX_KEYS, Math.max(1, wanted())));
      entries = entries.slice(some.length);
      const ids = some.map(({ batchId }) => batchId);
      const batches = ids.length === 0 ? [] : await readMatching(table, ids, filter);
      place = entries.length > 0 ? some.at(-1) : page.next;
      yield { batches, next: place, isMissing: page.isMissing === true };
    } while (entries.length > 0);
  }
}

/** How long batches exist at most: nothing older is searched for. */
function lifetimeMs({ handler }: Listed): number {
  const policy = policySettingsSchema.safeParse(handler.settings.policy).data;
  const {
    retentionSeconds = DEFAULT_POLICY.retentionSeconds,
    maxAgeSeconds = DEFAULT_POLICY.maxAgeSeconds,
  } = policy ?? {};
  return lifetimeSeconds({ retentionSeconds, maxAgeSeconds }) * 1000;
}

/** Whether the table may hold batches of the filter that were added before it had the index. */
export async function mayHaveUnindexed(
  table: Listed,
  filter: BatchFilter,
  now: number,
): Promise<boolean> {
  const since = await indexedSince(table.items);
  if (since === undefined) return true;
  return since > Math.max(rangeOf(filter).from, now - lifetimeMs(table));
}

/** The newest batches after a place, of those that the index does not show: reads the whole table. */
async function scannedPage(
  table: Listed,
  filter: BatchFilter,
  limit: number,
  { scope, ...after }: CreatedPlace & { readonly scope: Scope },
): Promise<Page<Batch>> {
  let newest: Batch[] = [];
  const cut = (): void => {
    newest = newest.sort(byCreation).slice(0, limit + 1);
  };
  for await (const batch of scanMatching(table, filter, scope)) {
    if (byCreation(batch, after) <= 0) continue;
    newest.push(batch);
    if (newest.length > 2 * limit) cut();
  }
  cut();
  const batches = newest.slice(0, limit);
  const last = batches.at(-1);
  if (newest.length <= limit || !last) return { batches };
  const { createdAt, batchId } = last;
  return { batches, cursor: cursorOf({ createdAt, batchId, scope }) };
}

function byCreation(a: CreatedPlace, b: CreatedPlace): number {
  const [first = '', second = ''] = [a.batchId, b.batchId];
  return b.createdAt - a.createdAt || (first < second ? -1 : first > second ? 1 : 0);
}

const cursorSchema = z.object({
  createdAt: z.number().int().nonnegative(),
  batchId: z.string().optional(),
  scope: z.enum(['all', 'unindexed']).optional(),
});

function cursorOf(place: z.infer<typeof cursorSchema>): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

function readCursor(cursor: string): z.infer<typeof cursorSchema> {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (cause) {
    const message = `cursor: ${cursor} is none: pass the cursor of a page as it is`;
    throw new ClientError('invalid_input', message, { cause });
  }
}
