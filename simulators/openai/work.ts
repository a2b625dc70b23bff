import { rm } from 'node:fs/promises';
import { LineWriter } from '../engine/lines.ts';
import { hashOf, type PlanWord } from '../engine/plan.ts';
import { runRequests } from '../engine/run.ts';
import { lastStatuses, momentOf, ranRequests } from '../engine/timeline.ts';
import { outputFileId } from './files.ts';
import { estimateTokens, inspectInput, isOverLimit, quotaError } from './inspection.ts';
import type { BatchError, Batches, BatchRecord, Settlement } from './jobs.ts';
import { rowOf } from './objects.ts';

const NOTHING = { succeeded: 0, failed: 0, usage: { inputTokens: 0, outputTokens: 0 } };

/** Checks the job's input, then whether it may run. */
export async function inspect(batches: Batches, id: string, signal: AbortSignal): Promise<void> {
  const { journal, manner, now } = batches.parts;
  const { endpoint } = batches.get(id);
  const input = { path: batches.inputPath(id), endpoint };
  const found = await inspectInput(input, journal.sentPath(id), manner, signal);
  // Read again: a cancel may have come in between, and then it is never run.
  const record = batches.get(id);
  if (record.cancelRequestedAt !== undefined) return;
  const errors = found.errors.length > 0 ? found.errors : admissionErrors(batches, record);
  const { requests } = found;
  journal.append({ event: 'inspected', jobId: id, requests });
  if (errors.length > 0) {
    journal.append({ event: 'ended', jobId: id, status: 'failed', succeeded: 0, failed: 0 });
    await rm(input.path, { force: true });
  }
  batches.records.save({ ...record, inspection: { at: now(), requests, errors } });
}

/** Writes what the job leaves behind. */
export async function settle(batches: Batches, id: string, signal: AbortSignal): Promise<void> {
  const record = batches.get(id);
  const { journal, now } = batches.parts;
  const moment = momentOf(record, now());
  const began = moment.inProgressAt !== undefined;
  const ran = ranRequests(record, moment);
  const written = began ? await write(batches, record, ran, signal) : NOTHING;
  const settlement: Settlement = { at: now(), ...written };
  const { succeeded, failed } = settlement;
  const { end } = lastStatuses(record);
  journal.append({ event: 'ended', jobId: id, status: end, succeeded, failed });
  batches.records.save({ ...record, settlement });
  await rm(batches.inputPath(id), { force: true });
}

async function write(batches: Batches, record: BatchRecord, ran: number, signal: AbortSignal) {
  const { files, journal, manner } = batches.parts;
  const outputPath = files.temporaryPath();
  const errorPath = files.temporaryPath();
  const written = await writeOutput(
    {
      inputPath: batches.inputPath(record.id),
      endpoint: record.endpoint,
      word: record.word,
      ran,
      salt: hashOf(`${record.group} ${record.position}`),
      created: Math.floor(record.createdAt / 1000),
      leftover: lastStatuses(record).end === 'expired' ? 'expired' : 'cancelled',
      outputPath,
      errorPath,
      succeededPath: journal.succeededPath(record.id),
    },
    signal,
  );
  const keep = async (name: 'output' | 'error', path: string, bytes: number) => {
    if (bytes === 0 && !(name === 'error' && manner.keepsEmptyErrors)) {
      await rm(path);
      return {};
    }
    const id = outputFileId(record.id, name);
    const filename = `${record.id}_${name}.jsonl`;
    files.add({ id, filename, bytes, purpose: 'batch_output' }, path, record.outputSeconds);
    return { [`${name}FileId`]: id };
  };
  const { outputBytes, errorBytes, ...counts } = written;
  return {
    ...counts,
    ...(await keep('output', outputPath, outputBytes)),
    ...(await keep('error', errorPath, errorBytes)),
  };
}

/** Why a valid input is not run, if it is not. */
function admissionErrors({ parts, records }: Batches, record: BatchRecord): BatchError[] {
  const { enqueuedTokenLimit: limit } = parts.options;
  // Of two that are enqueued together, the later one is over the limit.
  const earlier = records.all().filter(({ sequence }) => sequence < record.sequence);
  if (record.word === 'failed_quota' || isOverLimit(record, earlier, limit, parts.now()))
    return [quotaError(record.model, limit)];
  if (record.word !== 'failed_invalid') return [];
  const message = 'This line is not parseable as valid JSON.';
  return [{ code: 'invalid_json_line', message, param: null, line: 1 }];
}

interface OutputOrder {
  readonly inputPath: string;
  readonly endpoint: string;
  readonly word: PlanWord;
  /** How many of the requests were run. */
  readonly ran: number;
  /** Another one gives another order of the rows. */
  readonly salt: number;
  /** Unix seconds, for the replies. */
  readonly created: number;
  /** How the job left the requests that were not run. */
  readonly leftover: 'expired' | 'cancelled';
  readonly outputPath: string;
  readonly errorPath: string;
  /** Gets the `custom_id`s of what succeeded. */
  readonly succeededPath: string;
}

interface Written {
  readonly outputBytes: number;
  readonly errorBytes: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
}

/**
 * Writes a job's output and error file. The same order gives the same files, so one that was
 * killed half way can be done again.
 */
async function writeOutput(order: OutputOrder, signal: AbortSignal): Promise<Written> {
  const output = await LineWriter.create(order.outputPath);
  const errors = await LineWriter.create(order.errorPath);
  const notRun = NOT_RUN[order.leftover];
  const usage = { inputTokens: 0, outputTokens: 0 };
  let succeeded = 0;
  let failed = 0;
  try {
    for await (const { id, line, verdict, hash, bytes } of runRequests(
      { ...order, idOf },
      signal,
    )) {
      const inputTokens = estimateTokens(bytes);
      const body = line.body as Readonly<Record<string, unknown>>;
      const request = { ...order, customId: id, body, verdict, hash, inputTokens, notRun };
      const { row, outputTokens } = rowOf(request);
      if (verdict === 'succeeded') {
        succeeded += 1;
        usage.inputTokens += inputTokens;
        usage.outputTokens += outputTokens;
        await output.write(JSON.stringify(row));
      } else {
        if (verdict !== 'not_run') failed += 1;
        await errors.write(JSON.stringify(row));
      }
    }
  } finally {
    for (const writer of [output, errors]) await writer.close();
  }
  return { outputBytes: output.bytes, errorBytes: errors.bytes, succeeded, failed, usage };
}

function idOf({ custom_id: customId }: Readonly<Record<string, unknown>>): string {
  return String(customId);
}

const NOT_RUN = {
  expired: {
    code: 'batch_expired',
    message: 'This request could not be executed before the completion window expired.',
  },
  cancelled: {
    code: 'batch_cancelled',
    message: 'This request could not be executed before the batch was cancelled.',
  },
};
