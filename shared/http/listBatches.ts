import { BATCH_ID_PATTERN } from '../batch/ids.ts';
import { lifetimeSeconds } from '../batch/policy.ts';
import type { Batch } from '../batch/record.ts';
import {
  AHEAD_MS,
  type CreatedPage,
  type CreatedPlace,
  listCreated,
} from '../stores/createdIndex.ts';
import { listTenantBatches, placeOfTenantBatch } from '../stores/tenantBatches.ts';
import { ApiError } from './apiError.ts';
import { collectPage, type ListQuery, MAX_WANTED, unknownPlace } from './listing.ts';
import { ownedBy } from './ownership.ts';
import type { Caller, HttpPorts } from './ports.ts';

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
): Promise<{ readonly data: readonly Batch[]; readonly hasMore: boolean }> {
  const first: CreatedPlace =
    after === undefined
      ? { createdAt: ports.clock.now() + AHEAD_MS }
      : await placeOf(ports, caller, after);
  return collectPage({ limit, first }, async (place, wanted) => {
    const { items, next } = await readPage(ports, caller, place, wanted);
    const records = await ports.batches.getMany(items.map(({ batchId }) => batchId));
    const found = items.flatMap(({ batchId }) => records.get(batchId) ?? []);
    return { found: found.filter(({ spec }) => ownedBy(caller, spec)), next };
  });
}

async function placeOf(
  { batches, items }: ListPorts,
  caller: Caller,
  batchId: string,
): Promise<CreatedPlace> {
  const { tenant } = caller;
  // A table takes no key of any length.
  const batch = BATCH_ID_PATTERN.test(batchId) ? await batches.get(batchId) : undefined;
  if (!batch || !ownedBy(caller, batch.spec)) throw unknownPlace(batchId);
  if (tenant === undefined) return { createdAt: batch.createdAt, batchId };
  // A first try that failed before the record has put the batch where it would have been.
  const place = await placeOfTenantBatch(items, tenant, batchId);
  return place ?? { createdAt: batch.createdAt, batchId };
}

async function readPage(
  { items, clock, policy }: ListPorts,
  { tenant, isOperator }: Caller,
  place: CreatedPlace,
  wanted: number,
): Promise<CreatedPage> {
  // Without a tenant, most of a page may be left out.
  const limit = tenant === undefined && !isOperator ? MAX_WANTED : wanted;
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
