import type { Batch } from '../../batch/batch.ts';
import { sumCost } from '../../batch/cost.ts';
import type { BatchEvent } from '../../batch/events.ts';
import { objectKey } from '../../batch/identifiers.ts';
import { NO_USAGE, sumUsage } from '../../batch/job.ts';
import { missingRow } from '../../batch/ledger.ts';
import { partId } from '../../batch/part.ts';
import { type MergedPart, mergeParts } from '../../jsonl/mergeParts.ts';
import type { Dependencies } from '../dependencies.ts';
import { inTime } from './rowSources.ts';
import type { Task } from './work.ts';

/** Puts together what the parts of a batch came to. */
export async function collectParts(dependencies: Dependencies, task: Task): Promise<BatchEvent> {
  const { objects } = dependencies;
  const { batch, token } = task;
  const { batchId, parts = [] } = batch;
  const rows = {
    results: objectKey(batchId, token, 'results.jsonl'),
    errors: objectKey(batchId, token, 'errors.jsonl'),
  };
  let usage = NO_USAGE;
  let cost: number | undefined = 0;
  let attempt = 0;
  async function* read(): AsyncIterable<MergedPart> {
    for (const index of parts.keys()) {
      const part = await dependencies.batches.get(partId(batchId, index + 1));
      if (part) {
        usage = sumUsage(usage, part.usage);
        cost = sumCost(cost, part.cost);
        attempt = Math.max(attempt, part.attempt);
      }
      yield merged(dependencies, task, index, part);
    }
  }
  const writers = { results: objects.writer(rows.results), errors: objects.writer(rows.errors) };
  try {
    const kind = batch.cancelRequested ? 'cancelled' : 'aged';
    const counts = await mergeParts(read(), writers, missingRow({ kind, files: [] }));
    await writers.results.close();
    await writers.errors.close();
    return { type: 'collected', token, rows, counts, usage, cost, attempt };
  } catch (error) {
    await Promise.all([writers.results.abort(), writers.errors.abort()]);
    throw error;
  }
}

function merged(
  dependencies: Dependencies,
  { batch, deadline }: Task,
  index: number,
  part: Batch | undefined,
): MergedPart {
  const { objects } = dependencies;
  const slice = batch.parts?.[index];
  if (!slice || !batch.input) throw new Error(`batch ${batch.batchId} has no part ${index + 1}`);
  const { start, end, requests } = slice;
  const within = (source: AsyncIterable<Uint8Array>) => inTime(dependencies, source, deadline);
  return {
    counts: part?.counts ?? { total: requests, succeeded: 0, failed: 0, unfinished: requests },
    rows: part?.rows && {
      results: within(objects.read(part.rows.results)),
      errors: within(objects.read(part.rows.errors)),
    },
    requests: within(objects.read(batch.input.key, { start, end })),
  };
}
