import { ownObject } from '../batch/ids.ts';
import type { BatchFields } from '../batch/record.ts';
import { isEnded } from '../batch/status.ts';
import { lineGroups } from '../jsonl/lines.ts';
import { parseRow, type ResultRow } from '../jsonl/rows.ts';
import { ClientError } from './clientError.ts';
import type { HandlerConnection } from './connection.ts';

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

/** A request that failed or was never answered, or a line of an input that was refused. */
export interface FailedRow extends Omit<ResultRow, 'custom_id'> {
  /** Null if it is a refused line without an id. */
  readonly custom_id: string | null;
}

export type RowKind = 'results' | 'errors';

/** The rows of a batch as bytes: JSON lines in the order of the input. */
export interface RowFile {
  /** Size of the content. */
  readonly bytes: number;
  readonly content: AsyncIterable<Uint8Array>;
  /** Whether the batch has ended, so that no more rows can follow. */
  readonly isFinal: boolean;
}

/** @throws ClientError `unknown_batch`, or `no_rows` if the batch has none or they have expired */
export async function openRows(
  { batches, objects }: Pick<HandlerConnection, 'batches' | 'objects'>,
  batchId: string,
  kind: RowKind,
): Promise<RowFile> {
  const batch = await batches.get(batchId);
  if (batch === undefined) throw new ClientError('unknown_batch', `there is no batch ${batchId}`);
  const object = ownObject(objects, keyOf(batch, kind));
  const head = await objects.head(object);
  if (head === undefined)
    throw new ClientError(
      'no_rows',
      `the ${kind} of batch ${batchId} have expired and are deleted`,
    );
  const content = objects.read(object);
  return { bytes: head.bytes, content, isFinal: isEnded(batch.status) };
}

/** The same rows, parsed but not validated. */
export async function* readRows(
  connection: Pick<HandlerConnection, 'batches' | 'objects'>,
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
