import type { BatchEvent } from '../../batch/events.ts';
import { objectKey } from '../../batch/identifiers.ts';
import { missingRow } from '../../batch/ledger.ts';
import { mergeRows } from '../../jsonl/merge.ts';
import { spoolRows } from '../../jsonl/spool.ts';
import type { Dependencies } from '../dependencies.ts';
import { inTime, rowSources } from './rowSources.ts';
import type { Task } from './work.ts';

/**
 * Merges what a job wrote into the batch's rows. Every request of the input leaves with exactly
 * one row, whatever the job came to and even if there was none.
 */
export async function collect(dependencies: Dependencies, task: Task): Promise<BatchEvent> {
  const { objects, scratch, providers, log } = dependencies;
  const { batch, token, deadline } = task;
  const { batchId, outcome } = batch;
  if (!outcome) throw new Error(`batch ${batchId} is collecting without an outcome`);
  const rows = {
    results: objectKey(batchId, token, 'results.jsonl'),
    errors: objectKey(batchId, token, 'errors.jsonl'),
  };
  const file = await scratch.create();
  const writers = { results: objects.writer(rows.results), errors: objects.writer(rows.errors) };
  try {
    const provided =
      outcome.files.length > 0
        ? (await providers.get(batch.provider)).readRows(outcome)
        : nothing();
    const spool = await spoolRows(inTime(dependencies, provided, deadline), file);
    const { counts, foreign } = await mergeRows(rowSources(dependencies, task), spool, writers, {
      selection: batch.selection,
      missing: missingRow(outcome),
      keepPrevious: outcome.jobId === undefined,
    });
    await writers.results.close();
    await writers.errors.close();
    if (foreign > 0)
      log.warn('the job answered requests that it was not sent', { batchId, foreign });
    return { type: 'collected', token, rows, counts, usage: spool.usage };
  } catch (error) {
    await Promise.all([writers.results.abort(), writers.errors.abort()]);
    throw error;
  } finally {
    await file.remove();
  }
}

async function* nothing(): AsyncIterable<Uint8Array> {}
