import { open, rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { headObject, readObject } from '../aws/objectRead.ts';
import type { BatchFields } from '../batch/record.ts';
import { isEnded } from '../batch/status.ts';
import { lineGroups } from '../jsonl/lines.ts';
import { parseRow, type ResultRow } from '../jsonl/rows.ts';
import { ClientError, type HandlerConnection } from './connection.ts';

/** A request that succeeded, in the format of OpenAI's batch output. */
export interface SucceededRow<Body = unknown> {
  readonly id: string | null;
  readonly custom_id: string;
  readonly response: {
    readonly status_code: number;
    readonly request_id: string;
    /** In the format of the request's endpoint. */
    readonly body: Body;
  };
  readonly error: null;
}

/** A request that failed, or never got its turn; or a line of an input that was refused. */
export interface FailedRow extends Omit<ResultRow, 'custom_id'> {
  /** Null for a refused line that has none. */
  readonly custom_id: string | null;
}

export type RowKind = 'results' | 'errors';

/** The rows of a batch as they are in the bucket: JSON lines in the order of the input. */
export interface RowFile {
  readonly bytes: number;
  readonly content: AsyncIterable<Uint8Array>;
  /** Whether nothing will be added to them any more. */
  readonly isFinal: boolean;
}

/** @throws ClientError if the batch has no such rows */
export async function openRows(
  { batches, s3, handler }: Pick<HandlerConnection, 'batches' | 's3' | 'handler'>,
  batchId: string,
  kind: RowKind,
): Promise<RowFile> {
  const batch = await batches.get(batchId);
  if (batch === undefined) throw new ClientError('unknown_batch', `there is no batch ${batchId}`);
  const object = { bucket: handler.resources.bucket, key: keyOf(batch, kind) };
  const head = await headObject(s3, object);
  if (head === undefined)
    throw new ClientError('no_rows', `the ${kind} of batch ${batchId} have expired in the bucket`);
  const content = readObject(s3, object);
  return { bytes: head.bytes, content, isFinal: isEnded(batch.status) };
}

/** The same, parsed. What a row holds is taken on trust. */
export async function* readRows(
  connection: Pick<HandlerConnection, 'batches' | 's3' | 'handler'>,
  batchId: string,
  kind: RowKind,
): AsyncGenerator<unknown> {
  const { content } = await openRows(connection, batchId, kind);
  for await (const group of lineGroups(content))
    for (const { bytes } of group) yield parseRow(bytes);
}

function keyOf(batch: BatchFields, kind: RowKind): string {
  const { batchId, status, rows, inputErrorsKey, counts } = batch;
  const key = rows?.[kind] ?? (kind === 'errors' ? inputErrorsKey : undefined);
  if (key !== undefined) return key;
  const why =
    inputErrorsKey === undefined
      ? `it is ${status}, with ${counts.total - counts.unfinished} of ${counts.total} requests finished`
      : 'its input was refused; its errors say why';
  throw new ClientError('no_rows', `batch ${batchId} has no ${kind}: ${why}`);
}

/**
 * Writes a file that appears whole, or not at all: beside its place and then over it.
 *
 * @param signal ends it early, and leaves nothing behind
 */
export async function saveWhole(
  path: string,
  content: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  const part = `${path}.part`;
  // Opened here: a stream that opens it may do so after it has failed, and after the removal.
  const file = await open(part, 'w');
  try {
    await pipeline(content, file.createWriteStream(), signal === undefined ? {} : { signal });
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
