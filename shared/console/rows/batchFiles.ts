import { createHash } from 'node:crypto';
import { objectKey, ownObject } from '../../batch/ids.ts';
import type { ByteRange } from '../../batch/ports.ts';
import type { Batch, BatchFields } from '../../batch/record.ts';
import { ClientError } from '../../client/clientError.ts';
import type { HandlerConnection } from '../../client/connection.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import type { LineFile } from './lineReader.ts';
import type { FileName, Place, RowFiles } from './rowWalk.ts';

export type FilesConnection = Pick<HandlerConnection, 'batches' | 'objects'>;

/**
 * - `none`: the batch has no such file, or not yet;
 * - `expired`: it had one, which was deleted by its age.
 */
export type FileState = 'there' | 'none' | 'expired';

/** The files of a batch as they are now. */
export interface BatchFiles {
  readonly batch: Batch;
  readonly files: RowFiles;
  readonly states: Readonly<Record<FileName, FileState>>;
  /** Changes when other files take their place, such as those with the rows of another job. */
  readonly fingerprint: string;
}

/** @throws ClientError `unknown_batch` */
export async function findBatch({ batches }: FilesConnection, batchId: string): Promise<Batch> {
  const batch = await batches.get(batchId);
  if (batch === undefined) throw new ClientError('unknown_batch', `there is no batch ${batchId}`);
  return batch;
}

/** @throws ClientError `unknown_batch` */
export async function findFiles(connection: FilesConnection, batchId: string): Promise<BatchFiles> {
  const batch = await findBatch(connection, batchId);
  const { input, rows, inputErrorsKey, part }: BatchFields = batch;
  const keys: Record<FileName, string | undefined> = {
    input: input?.key,
    results: rows?.results,
    errors: rows?.errors,
    refused: inputErrorsKey,
  };
  const open = async (name: FileName) =>
    openFile(connection, keys[name], name === 'input' ? part?.range : undefined);
  const [input_, results, errors, refused] = await Promise.all([
    open('input'),
    open('results'),
    open('errors'),
    open('refused'),
  ]);
  const files = omitUndefined({ input: input_, results, errors, refused });
  const stateOf = (name: FileName): FileState =>
    keys[name] === undefined ? 'none' : files[name] ? 'there' : 'expired';
  const states = {
    input: stateOf('input'),
    results: stateOf('results'),
    errors: stateOf('errors'),
    refused: stateOf('refused'),
  };
  const hash = createHash('sha256').update(JSON.stringify(keys)).digest('hex');
  return { batch, files, states, fingerprint: hash.slice(0, 8) };
}

/**
 * The rows of a whole batch as one of its collections has left them.
 *
 * @param token of the worker that has merged them
 */
export async function findMerged(
  connection: FilesConnection,
  batchId: string,
  token: string,
): Promise<Pick<RowFiles, 'results' | 'errors'>> {
  const [results, errors] = await Promise.all(
    ['results.jsonl', 'errors.jsonl'].map((name) =>
      openFile(connection, objectKey(batchId, token, name)),
    ),
  );
  return omitUndefined({ results, errors });
}

/** @returns undefined if there is no such object */
async function openFile(
  { objects }: FilesConnection,
  key: string | undefined,
  range?: ByteRange,
): Promise<LineFile | undefined> {
  if (key === undefined) return undefined;
  const object = ownObject(objects, key);
  const head = await objects.head(object);
  if (head === undefined) return undefined;
  const { start, end } = range ?? { start: 0, end: head.bytes };
  return { start, end: Math.min(end, head.bytes), read: (part) => objects.read(object, part) };
}

const NAMES = ['input', 'results', 'errors', 'refused'] as const;

/** A place in the files of a batch as a text, such as `1a2b3c4d_0_0_512_`. */
export function cursorOf(place: Place, fingerprint: string): string {
  return [fingerprint, ...NAMES.map((name) => place[name] ?? '')].join('_');
}

/** @returns undefined if it is none of these files, because others have taken their place */
export function placeOf(
  cursor: string,
  { fingerprint, files }: Pick<BatchFiles, 'fingerprint' | 'files'>,
): Place | undefined {
  const [of, ...offsets] = cursor.split('_');
  if (of !== fingerprint) return undefined;
  const place: Partial<Record<FileName, number>> = {};
  for (const [index, name] of NAMES.entries()) {
    const offset = Number(offsets[index]);
    const file = files[name];
    if (!file || !offsets[index]) continue;
    if (!Number.isSafeInteger(offset) || offset < file.start || offset > file.end) return undefined;
    place[name] = offset;
  }
  return place;
}
