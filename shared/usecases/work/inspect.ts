import { type Reason, RefusedError } from '../../batch/errors.ts';
import { objectKey } from '../../batch/ids.ts';
import type { BatchEvent } from '../../batch/lifecycle/events.ts';
import type { ObjectStore, ObjectWriter } from '../../batch/ports.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import type { Dependencies } from '../dependencies.ts';
import { inspectFor } from '../inspection.ts';
import { rejectFromInbox } from '../intake/inbox.ts';
import { type Task, untilDeadline } from './task.ts';

/** Takes a snapshot of the input and checks every line of it, before anything is sent. */
export async function inspect(
  dependencies: Dependencies,
  task: Task<'inspecting'>,
): Promise<BatchEvent> {
  const event = await examine(dependencies, task);
  if (event.type === 'inputRefused') {
    const { batchId, spec } = task.batch;
    await rejectFromInbox(dependencies, spec.source, { ...event, batchId });
  }
  return event;
}

async function examine(dependencies: Dependencies, task: Task<'inspecting'>): Promise<BatchEvent> {
  const { objects } = dependencies;
  const { batch, token, deadline } = task;
  const key = objectKey(batch.batchId, token, 'input.jsonl');
  const refusal = await takeSnapshot(dependencies, task, key);
  if (refusal) return { type: 'inputRefused', token, reasons: [refusal], errorsKey: undefined };
  const head = await objects.head({ bucket: objects.bucket, key });
  const problems = problemFile(objects, objectKey(batch.batchId, token, 'input-errors.jsonl'));
  try {
    const chunks = untilDeadline(dependencies, objects.read(key), deadline);
    const source = { chunks, bytes: head?.bytes };
    const found = await inspectFor(dependencies, batch.spec, source, problems.add);
    const errorsKey = await problems.close();
    if (found.problems > 0) {
      return { type: 'inputRefused', token, reasons: found.firstReasons, errorsKey };
    }
    const { bytes, requests, endpoint, model, slices, money, tooDear } = found;
    if (tooDear) return { type: 'inputRefused', token, reasons: [tooDear], errorsKey };
    const { estimatedTokens, maxOutputTokens } = found;
    const input = omitUndefined({
      ...{ key, bytes, requests, endpoint, model, estimatedTokens },
      maxOutputTokens: maxOutputTokens > 0 ? maxOutputTokens : undefined,
      ...money,
      parts: slices.length > 1 ? [...slices] : undefined,
    });
    return { type: 'inspected', token, input };
  } catch (error) {
    await problems.abort();
    throw error;
  }
}

async function takeSnapshot(
  { objects }: Dependencies,
  { batch }: Task<'inspecting'>,
  key: string,
): Promise<Reason | undefined> {
  try {
    await objects.copy(batch.spec.source, key);
    return undefined;
  } catch (error) {
    if (error instanceof RefusedError) return error.reason;
    throw error;
  }
}

/** A bad line of the input. */
export interface Problem {
  readonly reason: Reason;
  readonly customId?: string | undefined;
}

/** The error file of a refused input, in the shape of error rows. Written only if there is a problem. */
export function problemFile(objects: ObjectStore, key: string) {
  let writer: ObjectWriter | undefined;
  return {
    async add({ reason, customId }: Problem): Promise<void> {
      writer ??= objects.writer(key);
      const row = { id: null, custom_id: customId ?? null, response: null, error: reason };
      await writer.write(Buffer.from(`${JSON.stringify(row)}\n`));
    },
    /** Gives the key of the file, if there is one. */
    async close(): Promise<string | undefined> {
      await writer?.close();
      return writer && key;
    },
    async abort(): Promise<void> {
      await writer?.abort();
    },
  };
}
