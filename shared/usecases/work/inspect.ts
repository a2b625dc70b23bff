import { type Reason, RefusedError } from '../../batch/errors.ts';
import { objectKey, ownObject } from '../../batch/ids.ts';
import type { IdList } from '../../batch/input.ts';
import type { BatchEvent } from '../../batch/lifecycle/events.ts';
import type { ObjectStore, ObjectWriter } from '../../batch/ports.ts';
import { problemOf } from '../../batch/problems.ts';
import type { LineProblem } from '../../jsonl/lineInspection.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import type { Dependencies } from '../dependencies.ts';
import { type InspectionPorts, inspectFor } from '../inspection.ts';
import { rejectFromInbox } from '../intake/inbox.ts';
import { untilDeadline, type WorkTask } from './task.ts';

export type InspectPorts = InspectionPorts & Pick<Dependencies, 'objects' | 'clock'>;

/** Copies the input and checks every line of the copy, before anything is submitted. */
export async function inspect(
  ports: InspectPorts,
  task: WorkTask<'inspecting'>,
): Promise<BatchEvent> {
  const event = await examine(ports, task);
  if (event.type === 'inputRefused') {
    const { batchId, spec } = task.batch;
    await rejectFromInbox(ports, spec.source, { ...event, batchId });
  }
  return event;
}

async function examine(ports: InspectPorts, task: WorkTask<'inspecting'>): Promise<BatchEvent> {
  const { objects } = ports;
  const { batch, token, deadline } = task;
  const key = objectKey(batch.batchId, token, 'input.jsonl');
  const refusal = await takeSnapshot(ports, task, key);
  if (refusal) return refusedFor(token, refusal);
  const head = await objects.head(ownObject(objects, key));
  const problems = problemFile(objects, objectKey(batch.batchId, token, 'input-errors.jsonl'));
  const ids = idFile(objects, objectKey(batch.batchId, token, 'ids.jsonl'));
  try {
    const chunks = untilDeadline(ports, objects.read(key), deadline);
    const source = { chunks, bytes: head?.bytes };
    const found = await inspectFor(ports, batch.spec, source, problems.add, ids.add);
    const errorsKey = await problems.close();
    const { problems: kinds, firstReasons: reasons } = found;
    if (kinds) {
      await ids.abort();
      return { type: 'inputRefused', token, reasons, problems: kinds, errorsKey };
    }
    const { bytes, requests, endpoint, model, slices, costRefusal } = found;
    if (costRefusal) {
      await ids.abort();
      return refusedFor(token, costRefusal);
    }
    const { estimatedTokens, maxOutputTokens } = found;
    const input = omitUndefined({
      ...{ key, bytes, requests, endpoint, model, estimatedTokens },
      isAbbreviated: found.isAbbreviated || undefined,
      maxOutputTokens: maxOutputTokens > 0 ? maxOutputTokens : undefined,
      ...found.estimatedCost,
      ids: await ids.close(),
      parts: slices.length > 1 ? [...slices] : undefined,
    });
    return { type: 'inspected', token, input };
  } catch (error) {
    await Promise.all([problems.abort(), ids.abort()]);
    throw error;
  }
}

/** The refusal of an input as a whole. */
function refusedFor(token: string, reason: Reason): BatchEvent {
  const reasons = [reason];
  const problems = problemOf(reason);
  return { type: 'inputRefused', token, reasons, problems, errorsKey: undefined };
}

/** @returns why the input cannot be copied; undefined once it has been */
async function takeSnapshot(
  { objects }: Pick<InspectPorts, 'objects'>,
  { batch }: WorkTask<'inspecting'>,
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

/** The error file of a refused input, in the format of error rows. Without problems there is none. */
function problemFile(objects: ObjectStore, key: string) {
  let writer: ObjectWriter | undefined;
  return {
    async add({ reason, customId }: LineProblem): Promise<void> {
      writer ??= objects.writer(key);
      const row = { id: null, custom_id: customId ?? null, response: null, error: reason };
      await writer.write(Buffer.from(`${JSON.stringify(row)}\n`));
    },
    /** @returns the key of the file; undefined if there is none */
    async close(): Promise<string | undefined> {
      await writer?.close();
      return writer && key;
    },
    async abort(): Promise<void> {
      await writer?.abort();
    },
  };
}

/** The list of ids, beside the snapshot. */
function idFile(objects: ObjectStore, key: string) {
  const writer = objects.writer(key);
  let end = 0;
  return {
    async add(lines: Uint8Array): Promise<void> {
      await writer.write(lines);
      end += lines.length;
    },
    async close(): Promise<IdList> {
      await writer.close();
      return { key, start: 0, end };
    },
    abort: () => writer.abort(),
  };
}
