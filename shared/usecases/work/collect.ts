import type { Batch } from '../../batch/batch.ts';
import { costOf } from '../../batch/cost.ts';
import type { BatchEvent } from '../../batch/events.ts';
import { objectKey } from '../../batch/identifiers.ts';
import { missingRow } from '../../batch/ledger.ts';
import { mergeRows } from '../../jsonl/merge.ts';
import { type Spool, spoolRows } from '../../jsonl/spool.ts';
import type { Dependencies } from '../dependencies.ts';
import { collectParts } from './collectParts.ts';
import { jobContext } from './jobContext.ts';
import { inTime, rowSources } from './rowSources.ts';
import type { Task } from './work.ts';

/**
 * Merges what a job wrote into the batch's rows. Every request of the input leaves with exactly
 * one row, whatever the job came to and even if there was none.
 */
export async function collect(dependencies: Dependencies, task: Task): Promise<BatchEvent> {
  if (task.batch.parts) return collectParts(dependencies, task);
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
    const hasRows = outcome.files.length > 0;
    const provider = hasRows ? await providers.get(batch.provider) : undefined;
    const provided = provider?.readRows(outcome, jobContext(batch)) ?? nothing();
    const spool = await spoolRows(inTime(dependencies, provided, deadline), file);
    const { counts, foreign } = await mergeRows(rowSources(dependencies, task), spool, writers, {
      selection: batch.selection,
      missing: missingRow(outcome),
      referenceOf: provider?.referenceOf,
      keepPrevious: outcome.jobId === undefined,
    });
    await writers.results.close();
    await writers.errors.close();
    if (foreign > 0) log.warn('the job answered requests that it was not sent', { foreign });
    const { usage, accountRefusal } = spool;
    const refused = accountRefusal && { accountRefusal };
    const cost = await costOfJob(dependencies, batch, spool);
    return { type: 'collected', token, rows, counts, usage, cost, ...refused };
  } catch (error) {
    await Promise.all([writers.results.abort(), writers.errors.abort()]);
    throw error;
  } finally {
    await file.remove();
  }
}

/** In USD; undefined if it is not known. */
async function costOfJob(
  { providers }: Dependencies,
  { provider, model = '', outcome }: Batch,
  { usage, isMetered }: Spool,
): Promise<number | undefined> {
  // A job that was let go of unended may run on.
  if (outcome?.kind === 'aged' && outcome.jobId !== undefined) return undefined;
  if (!isMetered) return undefined;
  if (usage.totalTokens === 0) return 0;
  const { pricing } = await providers.describe(provider);
  return costOf(usage, pricing.priceOf(model));
}

async function* nothing(): AsyncIterable<never> {}
