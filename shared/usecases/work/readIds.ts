import { messageOf } from '../../batch/errors.ts';
import type { Input } from '../../batch/input.ts';
import type { ByteRange, ObjectStore } from '../../batch/ports.ts';
import type { Batch } from '../../batch/record.ts';
import { parseIds } from '../../jsonl/ids.ts';
import { customIdOf, lineGroups } from '../../jsonl/lines.ts';
import type { Dependencies } from '../dependencies.ts';
import { logFields } from '../logFields.ts';
import { untilDeadline } from './task.ts';

/** The requests of a batch or of a part, by their place in the snapshot and in the list of ids. */
export interface IdSource extends Pick<Input, 'key' | 'requests' | 'ids'> {
  /** Of the snapshot. Undefined: all of it. */
  readonly range: ByteRange | undefined;
}

/** A list is held in memory as a whole: that of 200,000 requests with ids of 80 characters. */
const MAX_LIST_BYTES = 16 * 1024 * 1024;

/**
 * Reads the `custom_id` of each request, in the order of the input. Yields as many at a time as are at
 * hand, and each exactly once.
 *
 * They are read from the list that the inspection has written, which is checked as a whole first. If the
 * record names none, or it cannot be read, is cut off, or has another number of ids than the record, they
 * are read from the snapshot instead, with the prompts; the log then says why.
 *
 * @param batch for the log
 * @param deadline when the function is killed, in milliseconds since 1970
 * @throws Error if the snapshot cannot be read either, or shortly before the deadline
 */
export async function* readIds(
  ports: Pick<Dependencies, 'objects' | 'clock' | 'log'>,
  batch: Batch,
  source: IdSource,
  deadline: number,
): AsyncGenerator<readonly string[]> {
  const listed = await listedIds(ports, batch, source);
  if (listed) return yield listed;
  const chunks = ports.objects.read(source.key, source.range);
  for await (const group of lineGroups(untilDeadline(ports, chunks, deadline)))
    yield group.map(({ bytes }) => customIdOf(bytes));
}

/** @returns undefined if the snapshot must be read */
async function listedIds(
  { objects, log }: Pick<Dependencies, 'objects' | 'log'>,
  batch: Batch,
  { ids, requests }: IdSource,
): Promise<readonly string[] | undefined> {
  if (!ids || ids.end - ids.start > MAX_LIST_BYTES) return undefined;
  try {
    return parseIds(await readWhole(objects, ids.key, ids), requests);
  } catch (error) {
    const why = { key: ids.key, error: messageOf(error) };
    log.warn('list of ids not read; reading the input copy', { ...logFields(batch), ...why });
    return undefined;
  }
}

/** @throws Error if the object has not all bytes of the range */
async function readWhole(objects: ObjectStore, key: string, range: ByteRange): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of objects.read(key, range)) {
    chunks.push(chunk);
    bytes += chunk.length;
  }
  const expected = range.end - range.start;
  if (bytes !== expected) throw new Error(`${key} has ${bytes} of ${expected} bytes`);
  return Buffer.concat(chunks);
}
