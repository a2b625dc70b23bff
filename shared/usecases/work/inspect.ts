import { RefusedError } from '../../batch/errors.ts';
import type { BatchEvent } from '../../batch/events.ts';
import { objectKey } from '../../batch/identifiers.ts';
import type { Reason } from '../../batch/reason.ts';
import type { Dependencies } from '../dependencies.ts';
import { inspectFor } from '../inspection.ts';
import { rejectFromInbox } from '../rejection.ts';
import { problemFile } from './problemFile.ts';
import { inTime } from './rowSources.ts';
import type { Task } from './work.ts';

/** Takes a snapshot of the input and checks every line of it, before anything is sent. */
export async function inspect(dependencies: Dependencies, task: Task): Promise<BatchEvent> {
  const event = await examine(dependencies, task);
  if (event.type === 'inputRefused') {
    const { batchId, source } = task.batch;
    await rejectFromInbox(dependencies, source, { ...event, batchId });
  }
  return event;
}

async function examine(dependencies: Dependencies, task: Task): Promise<BatchEvent> {
  const { objects } = dependencies;
  const { batch, token, deadline } = task;
  const key = objectKey(batch.batchId, token, 'input.jsonl');
  const refusal = await takeSnapshot(dependencies, task, key);
  if (refusal) return { type: 'inputRefused', token, reasons: [refusal], errorsKey: undefined };
  const head = await objects.head({ bucket: objects.bucket, key });
  const problems = problemFile(objects, objectKey(batch.batchId, token, 'input-errors.jsonl'));
  try {
    const wanted = { ...batch, providers: batch.providers ?? [batch.provider] };
    const chunks = inTime(dependencies, objects.read(key), deadline);
    const source = { chunks, bytes: head?.bytes };
    const found = await inspectFor(dependencies, wanted, source, problems.add);
    const errorsKey = await problems.close();
    if (found.problems > 0) {
      return { type: 'inputRefused', token, reasons: found.firstReasons, errorsKey };
    }
    const { bytes, requests, endpoint, model, slices, money, tooDear } = found;
    if (tooDear) return { type: 'inputRefused', token, reasons: [tooDear], errorsKey };
    const { estimatedTokens, maxOutputTokens } = found;
    const output = maxOutputTokens > 0 ? { maxOutputTokens } : {};
    const input = { key, bytes, requests, estimatedTokens, ...output, ...money };
    const parts = slices.length > 1 ? { parts: slices } : {};
    return { type: 'inspected', token, input, endpoint, model, ...parts };
  } catch (error) {
    await problems.abort();
    throw error;
  }
}

async function takeSnapshot(
  { objects }: Dependencies,
  { batch: { source } }: Task,
  key: string,
): Promise<Reason | undefined> {
  try {
    await objects.copy(source, key);
    return undefined;
  } catch (error) {
    if (error instanceof RefusedError) return error.reason;
    throw error;
  }
}
