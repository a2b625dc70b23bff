import { requestPointerSchema } from '../../batch/collectorMessages.ts';
import { refusal } from '../../batch/errors.ts';
import type { ObjectStore } from '../../batch/ports.ts';

/** One request larger than this belongs into a file of its own batch: it is held in memory. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

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
  return parseObject(await readText(objects.read(pointer.data.key)));
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

async function readText(source: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) {
      const text = `the request has over ${MAX_BODY_BYTES} bytes: put large content behind a URL`;
      throw refusal('message_too_large', text);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
