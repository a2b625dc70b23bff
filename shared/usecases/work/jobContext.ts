import type { Batch } from '../../batch/batch.ts';
import { submissionKey } from '../../batch/identifiers.ts';
import type { JobContext } from '../../providers/provider.ts';

/** What the provider must know of the batch's present job, and again to read its rows. */
export function jobContext(batch: Batch): JobContext {
  const { batchId, endpoint = '', model = '', format, options } = batch;
  return { key: submissionKey(batch), batchId, endpoint, model, format, options };
}
