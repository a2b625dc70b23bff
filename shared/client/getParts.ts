import type { Batch } from '../batch/batch.ts';
import { partId } from '../batch/part.ts';
import type { Connection } from './connection.ts';

/** Of DynamoDB's BatchGetItem. */
const MAX_KEYS = 100;

/** The parts of a batch that have a record by now, in order. */
export async function getParts(
  { batches }: Pick<Connection, 'batches'>,
  batchId: string,
): Promise<readonly Batch[]> {
  const { parts: slices = [] } = (await batches.get(batchId)) ?? {};
  const ids = slices.map((_, index) => partId(batchId, index + 1));
  const found: Batch[] = [];
  for (let start = 0; start < ids.length; start += MAX_KEYS) {
    const some = ids.slice(start, start + MAX_KEYS);
    const records = await batches.getMany(some);
    for (const id of some) {
      // A call for many may leave some out.
      const part = records.get(id) ?? (await batches.get(id));
      if (part !== undefined) found.push(part);
    }
  }
  return found;
}
