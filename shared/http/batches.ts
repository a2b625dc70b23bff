import { BATCH_ID_PATTERN } from '../batch/ids.ts';
import type { Batch } from '../batch/record.ts';
import { readPartsById, runsInParts, sumParts } from '../client/parts.ts';
import { command } from '../usecases/intake/commands.ts';
import { ApiError } from './apiError.ts';
import { apiStatus, type BatchObject, batchObject } from './batchObject.ts';
import { createBatch } from './createBatch.ts';
import { listBatches } from './listBatches.ts';
import { listObject, readListQuery } from './listing.ts';
import { ownedBy } from './ownership.ts';
import type { Caller, HttpPorts } from './ports.ts';
import { pathParameter, type Routes } from './routes.ts';

/** Those of OpenAI's API description. */
const LIMITS = { maxLimit: 100, defaultLimit: 20 };

export function batchRoutes(ports: HttpPorts): Routes {
  return {
    '/batches': {
      async POST(context) {
        const batch = await createBatch(ports, context);
        context.set('id', batch.batchId);
        return context.json(await shown(ports, batch));
      },
      async GET(context) {
        const query = readListQuery(context, LIMITS);
        const { data, hasMore } = await listBatches(ports, context.get('caller'), query);
        const shown = data.map((batch) => batchObject(batch, ports.objects));
        return context.json(listObject(shown, hasMore));
      },
    },
    '/batches/:batch': {
      async GET(context) {
        const batch = await findBatch(
          ports,
          context.get('caller'),
          pathParameter(context, 'batch'),
        );
        return context.json(await shown(ports, batch));
      },
    },
    '/batches/:batch/cancel': {
      async POST(context) {
        const batch = await findBatch(
          ports,
          context.get('caller'),
          pathParameter(context, 'batch'),
        );
        return context.json(await shown(ports, await cancel(ports, batch)));
      },
    },
  };
}

/** @throws ApiError 404 for a batch that does not exist or is not the caller's: always the same */
export async function findBatch(
  { batches }: Pick<HttpPorts, 'batches'>,
  caller: Caller,
  batchId: string,
): Promise<Batch> {
  // Nobody knows the parts of a batch.
  const isId = BATCH_ID_PATTERN.test(batchId);
  const batch = isId ? await batches.get(batchId) : undefined;
  if (batch && ownedBy(caller, batch.spec)) return batch;
  const message = `No batch found with id ${JSON.stringify(batchId.slice(0, 120))}`;
  throw new ApiError(404, message, { param: 'batch_id' });
}

/** Idempotent. What has ended otherwise cannot be cancelled any more. */
async function cancel(ports: HttpPorts, batch: Batch): Promise<Batch> {
  const { batchId } = batch;
  const before = apiStatus(batch);
  if (before === 'cancelled' || before === 'cancelling') return batch;
  // There is a record, so no message that adds the batch is waited for.
  const by = { messageId: ports.chance.token(), receiveCount: Number.POSITIVE_INFINITY };
  await command(ports, { action: 'cancel', batchId }, by);
  const after = (await ports.batches.get(batchId)) ?? batch;
  if (after.cancelRequested) return after;
  const message = `Cannot cancel a batch with status '${apiStatus(after)}'`;
  throw new ApiError(409, message, { code: 'batch_ended' });
}

/** A batch with the numbers of its parts, which are read for it alone and not for a list. */
async function shown(
  { batches, objects }: Pick<HttpPorts, 'batches' | 'objects'>,
  batch: Batch,
): Promise<BatchObject> {
  if (!runsInParts(batch)) return batchObject(batch, objects);
  return batchObject(batch, objects, sumParts(batch, await readPartsById(batches, batch)));
}
