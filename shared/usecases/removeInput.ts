import pMap from 'p-map';
import { isInputOf, ownKeyOf } from '../batch/ids.ts';
import type { BatchEvent } from '../batch/lifecycle/events.ts';
import { isPartOf, partId } from '../batch/newRecord.ts';
import type { Batch, BatchFields } from '../batch/record.ts';
import { isEnded } from '../batch/status.ts';
import type { Dependencies } from './dependencies.ts';
import { logFields } from './logFields.ts';

export type RemoveInputPorts = Pick<Dependencies, 'batches' | 'objects' | 'log'>;

/** Parts that are read at the same time. */
const PARTS_CONCURRENCY = 20;

/**
 * Removes the copies of the input of an ended batch: the snapshot, the list of its ids, and what was
 * uploaded for this batch alone. It can be repeated. An object that users have given for another reason
 * stays: a file of the HTTP API, of the inbox, of another bucket or under another key.
 *
 * @returns that they are removed; undefined while a part of the batch may still read them
 */
export async function removeInput(
  { batches, objects, log }: RemoveInputPorts,
  batch: Batch,
): Promise<BatchEvent | undefined> {
  if (!(await haveEnded({ batches }, batch))) {
    log.warn('input not removed yet: a part of the batch has not ended', logFields(batch));
    return undefined;
  }
  const keys = copiesOfInput(batch, objects);
  await pMap(keys, async (key) => objects.remove?.(key));
  log.info('input removed', logFields(batch));
  return { type: 'inputRemoved' };
}

function copiesOfInput(
  { batchId, spec, input }: BatchFields,
  place: Parameters<typeof ownKeyOf>[0],
): readonly string[] {
  const source = ownKeyOf(place, spec.source);
  const uploaded = source !== undefined && isInputOf(batchId, source) ? source : undefined;
  return [input?.key, input?.ids?.key, uploaded].filter((key) => key !== undefined);
}

/** Whether no part of the batch, nor a part of such a part, is open: it would read the input of the batch. */
async function haveEnded(
  { batches }: Pick<Dependencies, 'batches'>,
  batch: BatchFields,
): Promise<boolean> {
  const numbers = (batch.input?.parts ?? []).map((_, index) => index + 1);
  const ended = await pMap(
    numbers,
    async (number) => {
      const part = await batches.get(partId(batch.batchId, number));
      if (!part || !isPartOf(part, batch as Batch)) return true;
      return isEnded(part.status) && (await haveEnded({ batches }, part));
    },
    { concurrency: PARTS_CONCURRENCY },
  );
  return ended.every(Boolean);
}
