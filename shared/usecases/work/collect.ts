import { costOf, sumCost } from '../../batch/cost.ts';
import { objectKey } from '../../batch/ids.ts';
import { NO_USAGE, sumUsage } from '../../batch/job.ts';
import { countsOfNew, missingRow } from '../../batch/ledger.ts';
import type { BatchEvent } from '../../batch/lifecycle/events.ts';
import { partId } from '../../batch/newRecord.ts';
import type { Batch, BatchFields, BatchIn, Slice } from '../../batch/record.ts';
import { type MergedPart, mergeParts, mergeRows } from '../../jsonl/merge.ts';
import { type Spool, spoolRows } from '../../jsonl/spool.ts';
import type { Dependencies } from '../dependencies.ts';
import { jobContext, rowSources, type Task, untilDeadline } from './task.ts';

/**
 * Merges what a job wrote into the batch's rows. Every request of the input leaves with exactly
 * one row, whatever the job came to and even if there was none.
 */
export async function collect(
  dependencies: Dependencies,
  task: Task<'collecting'>,
): Promise<BatchEvent> {
  const { parts } = task.batch.input;
  if (parts) return collectParts(dependencies, task, parts);
  const { objects, scratch, providers, log } = dependencies;
  const { batch, token, deadline } = task;
  const { batchId, outcome } = batch;
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
    const spool = await spoolRows(untilDeadline(dependencies, provided, deadline), file);
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
  { provider, input, outcome }: BatchIn<'collecting'>,
  { usage, isMetered }: Spool,
): Promise<number | undefined> {
  // A job that was let go of unended may run on.
  if (outcome.kind === 'deadline' && outcome.jobId !== undefined) return undefined;
  if (!isMetered) return undefined;
  if (usage.totalTokens === 0) return 0;
  const { pricing } = await providers.describe(provider);
  return costOf(usage, pricing.priceOf(input.model ?? ''));
}

async function* nothing(): AsyncIterable<never> {}

/** Puts together what the parts of a batch came to. */
async function collectParts(
  dependencies: Dependencies,
  task: Task<'collecting'>,
  parts: readonly Slice[],
): Promise<BatchEvent> {
  const { objects } = dependencies;
  const { batch, token } = task;
  const { batchId } = batch;
  const rows = {
    results: objectKey(batchId, token, 'results.jsonl'),
    errors: objectKey(batchId, token, 'errors.jsonl'),
  };
  let usage = NO_USAGE;
  let cost: number | undefined = 0;
  let attempt = 0;
  async function* read(): AsyncIterable<MergedPart> {
    for (const [index, slice] of parts.entries()) {
      const part = await dependencies.batches.get(partId(batchId, index + 1));
      if (part) {
        usage = sumUsage(usage, part.usage);
        cost = sumCost(cost, part.cost);
        attempt = Math.max(attempt, part.attempt);
      }
      yield merged(dependencies, task, slice, part);
    }
  }
  const writers = { results: objects.writer(rows.results), errors: objects.writer(rows.errors) };
  try {
    const kind = batch.cancelRequested ? 'cancelled' : 'deadline';
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
  { batch, deadline }: Task<'collecting'>,
  { start, end, requests }: Slice,
  part: Batch | undefined,
): MergedPart {
  const { objects } = dependencies;
  const { counts = countsOfNew(requests), rows }: Partial<BatchFields> = part ?? {};
  const within = (source: AsyncIterable<Uint8Array>) =>
    untilDeadline(dependencies, source, deadline);
  return {
    counts,
    rows: rows && {
      results: within(objects.read(rows.results)),
      errors: within(objects.read(rows.errors)),
    },
    requests: within(objects.read(batch.input.key, { start, end })),
  };
}
