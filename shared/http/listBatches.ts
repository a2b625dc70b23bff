import { lifetimeSeconds } from '../batch/policy.ts';
import type { Batch } from '../batch/record.ts';
import { type CreatedPage, type CreatedPlace, listCreated } from '../stores/createdIndex.ts';
import { listTenantBatches } from '../stores/tenantBatches.ts';
import { ApiError } from './apiError.ts';
import { type ListQuery, unknownPlace } from './listing.ts';
import { ownedBy } from './ownership.ts';
import type { Caller, HttpPorts } from './ports.ts';

/** Records that are read at once: what the table takes in one request. */
const PAGE = 100;

/**
 * Queries of the index for one page of the API. Only a caller without a tenant needs more than a few, in
 * a handler where most batches belong to tenants; a month without batches takes one.
 */
const MAX_QUERIES = 50;

/** The clock that a batch was created by may be ahead of this one. */
const AHEAD_MS = 24 * 60 * 60_000;

type ListPorts = Pick<HttpPorts, 'batches' | 'items' | 'clock' | 'policy'>;

/**
 * One page of the batches of a caller, the newest first.
 *
 * @throws ApiError 400 if the batch that the page should begin after is not in the list, 503 if the
 *   next batch of the caller is further away than is looked for it
 */
export async function listBatches(
  ports: ListPorts,
  caller: Caller,
  { limit, after }: ListQuery,
): Promise<{ readonly batches: readonly Batch[]; readonly hasMore: boolean }> {
  const found: Batch[] = [];
  let place: CreatedPlace | undefined =
    after === undefined
      ? { createdAt: ports.clock.now() + AHEAD_MS }
      : await placeOf(ports, caller, after);
  for (let queries = 0; place && found.length <= limit; queries++) {
    if (queries === MAX_QUERIES) {
      if (found.length > 0) return { batches: found, hasMore: true };
      const message =
        'The next batch of this key is too far back among those of others to be found';
      throw new ApiError(503, message, { code: 'list_too_long' });
    }
    const page: CreatedPage = await readPage(ports, caller, place, limit);
    const records = await ports.batches.getMany(page.items.map(({ batchId }) => batchId));
    for (const { batchId } of page.items) {
      const batch = records.get(batchId);
      if (batch && ownedBy(caller, batch.spec)) found.push(batch);
    }
    place = page.next;
  }
  return { batches: found.slice(0, limit), hasMore: found.length > limit };
}

async function placeOf(
  { batches }: ListPorts,
  caller: Caller,
  batchId: string,
): Promise<CreatedPlace> {
  const batch = await batches.get(batchId);
  if (batch && ownedBy(caller, batch.spec)) return { createdAt: batch.createdAt, batchId };
  throw unknownPlace(batchId);
}

async function readPage(
  { items, clock, policy }: ListPorts,
  { tenant, isOperator }: Caller,
  place: CreatedPlace,
  wanted: number,
): Promise<CreatedPage> {
  // Without a tenant, most of a page may be left out.
  const limit = tenant === undefined && !isOperator ? PAGE : Math.min(PAGE, wanted + 1);
  const { createdAt, batchId } = place;
  const after = batchId === undefined ? undefined : { createdAt, batchId };
  const from = Math.max(0, clock.now() - lifetimeSeconds(policy) * 1000);
  const page =
    tenant === undefined
      ? await listCreated(items, { from, limit }, place)
      : await listTenantBatches(items, { tenant, limit }, after);
  if (!page.isMissing) return page;
  const message = 'The table of the handler has no list of batches yet: deploy the handler again';
  throw new ApiError(503, message, { code: 'list_missing' });
}
