import { requestPointerSchema } from '../../batch/collectorMessages.ts';
import { refusal } from '../../batch/errors.ts';
import type { ObjectStore } from '../../batch/ports.ts';
import { readText } from '../readText.ts';

/** One larger belongs into a file of its own batch. */
const REQUEST = { what: 'the request', fix: 'put large content behind a URL' };

/**
 * The object that a message holds or points to.
 *
 * @throws RefusedError if it holds no object
 */
export async function readMessage(
  objects: Pick<ObjectStore, 'read'>,
  body: string,
): Promise<object> {
  const message = parseObject(body);
  const pointer = requestPointerSchema.safeParse(message);
  if (!pointer.success) return message;
  return parseObject(await readText(objects.read(pointer.data.key), REQUEST));
}

function parseObject(body: string): object {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw refusal('invalid_json', 'the message is not JSON: send one line of a batch file');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw refusal('invalid_json', 'the message is not a JSON object: send one line of a batch file');
}
