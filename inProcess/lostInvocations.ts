import type { DatabaseSync } from 'node:sqlite';
import { messageOf } from '../shared/batch/errors.ts';
import { batchItemId } from '../shared/stores/batchItem.ts';
import { OPEN_PREFIX } from '../shared/stores/indexKeys.ts';
import type { Dependencies } from '../shared/usecases/dependencies.ts';
import { deliver } from '../shared/usecases/effects.ts';
import { beginsWith } from './database.ts';

const ID_START = batchItemId('').length + 1;

/** Batches in delivery of which no queue has a message: neither the invocation nor its outcome, nor as a dead letter. */
const WITHOUT_MESSAGE = `
  WITH delivered AS (
    SELECT coalesce(body ->> '$.batchId', body ->> '$.requestPayload.batchId') AS batchId
    FROM messages
    WHERE queue IN ('processor', 'outcome', 'dead:processor', 'dead:outcome') AND json_valid(body))
  SELECT substr(id, ${ID_START}) AS batchId FROM items
  WHERE ${beginsWith('queue', OPEN_PREFIX)} AND attributes ->> '$.status' = 'delivering'
    AND substr(id, ${ID_START}) NOT IN (SELECT batchId FROM delivered WHERE batchId IS NOT NULL)`;

/**
 * Invokes `process` again for deliveries whose message was never sent: the process was killed, or the disk was
 * full, after the record was written. The record alone would bring the delivery back only after hours, because
 * an invocation may wait so long for a place. An invocation that comes twice has its effect once.
 */
export async function repeatLostInvocations(
  database: DatabaseSync,
  dependencies: Pick<
    Dependencies,
    'batches' | 'processor' | 'objects' | 'tableName' | 'metrics' | 'log'
  >,
): Promise<void> {
  const { batches, log } = dependencies;
  for (const row of database.prepare(WITHOUT_MESSAGE).all()) {
    const batchId = String(row.batchId);
    try {
      const batch = await batches.get(batchId);
      // One that is not pending waits for its next invocation after a failure.
      if (batch?.status !== 'delivering' || !batch.delivery.pending) continue;
      await deliver(dependencies, batch);
      log.info('lost invocation repeated', { batchId });
    } catch (error) {
      log.warn('lost invocation not repeated', { batchId, error: messageOf(error) });
    }
  }
}
