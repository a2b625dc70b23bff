import pMap from 'p-map';
import { messageOf } from '../batch/errors.ts';
import type { Dependencies } from './dependencies.ts';

/** Removals at the same time: all parts of the largest upload take a few seconds. */
const CONCURRENCY = 8;

/**
 * Removes objects that nothing names any more, as far as the store can. What cannot be removed is logged,
 * and left to whatever deletes old objects.
 *
 * @param fields of the log line
 */
export async function removeObjects(
  { objects, log }: Pick<Dependencies, 'objects' | 'log'>,
  keys: readonly string[],
  fields: object,
): Promise<void> {
  try {
    await pMap(keys, async (key) => objects.remove?.(key), { concurrency: CONCURRENCY });
  } catch (error) {
    log.warn('objects not removed', { ...fields, objects: keys.length, error: messageOf(error) });
  }
}
