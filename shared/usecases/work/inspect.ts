import { RefusedError } from '../../batch/errors.ts';
import type { BatchEvent } from '../../batch/events.ts';
import { objectKey } from '../../batch/identifiers.ts';
import { type Reason, shortReason } from '../../batch/reason.ts';
import { inspectInput } from '../../jsonl/inspect.ts';
import type { Dependencies } from '../dependencies.ts';
import { problemFile } from './problemFile.ts';
import { inTime } from './rowSources.ts';
import type { Task } from './work.ts';

/** Takes a snapshot of the input and checks every line of it, before anything is sent. */
export async function inspect(dependencies: Dependencies, task: Task): Promise<BatchEvent> {
  const { objects, providers } = dependencies;
  const { batch, token, deadline } = task;
  const { limits, endpoints } = await providers.describe(batch.provider);
  const key = objectKey(batch.batchId, token, 'input.jsonl');
  const refusal = await takeSnapshot(dependencies, task, key, limits.maxBytes);
  if (refusal) return { type: 'inputRefused', token, reasons: [refusal], errorsKey: undefined };
  const problems = problemFile(objects, objectKey(batch.batchId, token, 'input-errors.jsonl'));
  try {
    const found = await inspectInput(
      inTime(dependencies, objects.read(key), deadline),
      { endpoint: batch.endpoint, endpoints, limits },
      problems.add,
    );
    const errorsKey = await problems.close();
    if (found.problems > 0) {
      return { type: 'inputRefused', token, reasons: found.firstReasons, errorsKey };
    }
    const { bytes, requests, estimatedTokens, endpoint, model } = found;
    const input = { key, bytes, requests, estimatedTokens };
    return { type: 'inspected', token, input, endpoint, model };
  } catch (error) {
    await problems.abort();
    throw error;
  }
}

/** A file that is too large is refused before it is copied. */
async function takeSnapshot(
  { objects }: Dependencies,
  { batch: { source } }: Task,
  key: string,
  maxBytes: number,
): Promise<Reason | undefined> {
  try {
    const head = await objects.head(source);
    if (head && head.bytes > maxBytes) {
      const text = `the file has ${head.bytes} bytes, over the provider's ${maxBytes}: split it`;
      return shortReason('file_too_large', text);
    }
    await objects.copy(source, key);
    return undefined;
  } catch (error) {
    if (error instanceof RefusedError) return error.reason;
    throw error;
  }
}
