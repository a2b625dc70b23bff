import { costOf, sumCost } from '../../batch/cost.ts';
import { ProviderError, type Reason, UnreadableRecordError } from '../../batch/errors.ts';
import { objectKey } from '../../batch/ids.ts';
import { idsOfPart, type SplitInput } from '../../batch/input.ts';
import { NO_USAGE, type Outcome, sumUsage } from '../../batch/job.ts';
import {
  countsOfNew,
  missingRow,
  requestsToSend,
  UNCONFIRMED_JOB_CODE,
} from '../../batch/ledger.ts';
import type { BatchEvent } from '../../batch/lifecycle/events.ts';
import { isPartOf, partId } from '../../batch/newRecord.ts';
import type { Batch, BatchFields, BatchIn } from '../../batch/record.ts';
import { type MergedPart, mergeParts, mergeRows } from '../../jsonl/merge.ts';
import { OrderError, Spool } from '../../jsonl/spool.ts';
import { RowWindow } from '../../jsonl/window.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import type { Dependencies } from '../dependencies.ts';
import { logFields } from '../logFields.ts';
import { missingRowOf, openOutput, shortfallOf, unreadReason } from './output.ts';
import { readIds } from './readIds.ts';
import { earlierRows, untilDeadline, type WorkTask } from './task.ts';

export type CollectPorts = Pick<
  Dependencies,
  'batches' | 'objects' | 'scratch' | 'providers' | 'clock' | 'log' | 'policy'
>;

/**
 * Merges the output of a job into the batch's rows. Afterwards every request of the input has
 * exactly one row, however the job ended and even if there was no job.
 */
export async function collect(
  ports: CollectPorts,
  task: WorkTask<'collecting'>,
): Promise<BatchEvent> {
  const { batch } = task;
  const { parts } = batch.input;
  if (parts) return collectParts(ports, task, { ...batch.input, parts });
  // What could not be read before is not expected to be in the usual form.
  if (batch.unread) return collectJob(ports, task, 'all first');
  try {
    return await collectJob(ports, task, 'as they come');
  } catch (error) {
    if (!(error instanceof OrderError)) throw error;
    const why = { why: error.message };
    ports.log.info('job output is read again, before any of it is written', {
      ...logFields(batch),
      ...why,
    });
    return await collectJob(ports, task, 'all first');
  }
}

/**
 * @param reading `as they come`: rows are written while others are still read, and the files of the job
 *   are read in the best order for that. `all first`: in their own order, and nothing is written before
 *   all have been read
 * @throws OrderError if rows that were read as they come must be read again, all first; then nothing
 *   was written that can be seen
 */
async function collectJob(
  ports: CollectPorts,
  task: WorkTask<'collecting'>,
  reading: 'as they come' | 'all first',
): Promise<BatchEvent> {
  const { objects, scratch, log } = ports;
  const { batch, token, deadline } = task;
  const { batchId, outcome, input, part } = batch;
  const rows = {
    results: objectKey(batchId, token, 'results.jsonl'),
    errors: objectKey(batchId, token, 'errors.jsonl'),
  };
  const file = await scratch.create();
  const writers = { results: objects.writer(rows.results), errors: objects.writer(rows.errors) };
  const isEarly = reading === 'as they come';
  let spool: Spool | undefined;
  try {
    const output = await openOutput(ports, task, isEarly);
    const requests = requestsToSend(batch);
    const read = new Spool(output.rows, new RowWindow(file), isEarly);
    spool = read;
    if (!isEarly) await read.readAll();
    let loss: Reason | undefined;
    const conclude = () => {
      read.checkPositions(requests);
      const shortfall = shortfallOf(output, read, requests);
      if (shortfall && !output.isSalvage) throw new ProviderError('missing', shortfall);
      loss = output.failures[0] ?? shortfall;
      return missingRowOf(output, read, loss);
    };
    const listed = readIds(ports, batch, { ...input, range: part?.range }, deadline);
    const ids = untilDeadline(ports, inPieces(listed), deadline);
    const { counts, failureGroups, foreign } = await mergeRows(
      { ids, ...earlierRows(ports, task) },
      read,
      writers,
      {
        ...{ selection: batch.selection, conclude },
        referenceOf: output.provider?.referenceOf,
        keepPrevious: !mayHaveRun(outcome),
      },
    );
    await writers.results.close();
    await writers.errors.close();
    if (foreign > 0)
      log.warn('job output has rows of other requests', { ...logFields(batch), foreign });
    const { usage, accountRefusal } = read;
    const cost = loss ? undefined : await costOfJob(ports, batch, read);
    const unreadableRows = read.unreadable + read.nameless;
    const unread = unreadReason(batch, loss, unreadableRows);
    return {
      ...{ type: 'collected', token, rows, counts, failureGroups, usage, cost, unreadableRows },
      ...omitUndefined({ accountRefusal, unread }),
    };
  } catch (error) {
    await Promise.all([writers.results.abort(), writers.errors.abort()]);
    throw error;
  } finally {
    // The file goes even if the source cannot be closed.
    try {
      await spool?.close();
    } finally {
      await file.remove();
    }
  }
}

/** A few at a time, so that the deadline is looked at between them. */
async function* inPieces<T>(groups: AsyncIterable<readonly T[]>): AsyncGenerator<readonly T[]> {
  const size = 1_000;
  for await (const group of groups)
    for (let start = 0; start < group.length; start += size) yield group.slice(start, start + size);
}

/** Whether a job was started, or may have been: what older rows say of its requests is over. */
function mayHaveRun({ jobId, reason }: Outcome): boolean {
  return jobId !== undefined || reason?.code === UNCONFIRMED_JOB_CODE;
}

/** @returns USD; undefined if the cost is not known */
async function costOfJob(
  { providers }: Pick<CollectPorts, 'providers'>,
  { provider, input, outcome }: BatchIn<'collecting'>,
  { usage, isMetered }: Spool,
): Promise<number | undefined> {
  // A job that was abandoned before its end may still be running.
  if (outcome.kind === 'deadline' && outcome.jobId !== undefined) return undefined;
  if (!isMetered) return undefined;
  if (usage.totalTokens === 0) return 0;
  const { pricing } = await providers.describe(provider);
  return costOf(usage, pricing.priceOf(input.model ?? ''));
}

/** Joins the rows of a batch's parts. */
async function collectParts(
  ports: CollectPorts,
  task: WorkTask<'collecting'>,
  input: SplitInput,
): Promise<BatchEvent> {
  const { objects } = ports;
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
    for (let number = 1; number <= input.parts.length; number++) {
      const found = await readablePart(ports, partId(batchId, number));
      const part = found && isPartOf(found, batch) ? found : undefined;
      if (part) {
        usage = sumUsage(usage, part.usage);
        cost = sumCost(cost, part.cost);
        attempt = Math.max(attempt, part.attempt);
      }
      yield partRows(ports, task, { input, number }, part);
    }
  }
  const writers = { results: objects.writer(rows.results), errors: objects.writer(rows.errors) };
  try {
    const kind = batch.cancelRequested ? 'cancelled' : 'deadline';
    const missing = missingRow({ kind, files: [] });
    const { counts, failureGroups } = await mergeParts(read(), writers, missing);
    await writers.results.close();
    await writers.errors.close();
    return { type: 'collected', token, rows, counts, failureGroups, usage, cost, attempt };
  } catch (error) {
    await Promise.all([writers.results.abort(), writers.errors.abort()]);
    throw error;
  }
}

/** A part whose record cannot be read counts as one that left no rows. */
async function readablePart(
  { batches }: Pick<CollectPorts, 'batches'>,
  id: string,
): Promise<Batch | undefined> {
  try {
    return await batches.get(id);
  } catch (error) {
    if (error instanceof UnreadableRecordError) return undefined;
    throw error;
  }
}

/** The rows of one part. A part that does not exist has run none of its requests. */
function partRows(
  ports: CollectPorts,
  { batch, deadline }: WorkTask<'collecting'>,
  { input, number }: { readonly input: SplitInput; readonly number: number },
  part: Batch | undefined,
): MergedPart {
  const { objects } = ports;
  const found: Partial<BatchFields> = part ?? {};
  const { start = 0, end = 0, requests = 0 } = input.parts[number - 1] ?? {};
  const { counts = countsOfNew(requests), failureGroups = [], rows } = found;
  const within = (source: AsyncIterable<Uint8Array>) => untilDeadline(ports, source, deadline);
  return {
    counts,
    failureGroups,
    rows: rows && {
      results: within(objects.read(rows.results)),
      errors: within(objects.read(rows.errors)),
    },
    ids: readIds(
      ports,
      batch,
      { key: input.key, requests, ids: idsOfPart(input, number), range: { start, end } },
      deadline,
    ),
  };
}
