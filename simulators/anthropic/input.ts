import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { LineWriter } from '../engine/lines.ts';
import { isObject, parseJson } from '../engine/router.ts';
import { ApiError } from './errors.ts';

/** What is known of a create call. Its requests are on disk. */
interface ReceivedBatch {
  readonly requests: number;
  /** The `custom_id` of the first request. */
  readonly firstId: string;
}

// https://platform.claude.com/docs/en/build-with-claude/batch-processing
const MAX_REQUESTS = 100_000;
const MAX_BODY_BYTES = 256 * 1024 * 1024;
const CUSTOM_ID = /^[a-zA-Z0-9_-]{1,64}$/;

/**
 * Streams the requests of a create call to `path`, one a line. Leaves nothing there if it throws.
 *
 * @throws ApiError 400 or 413
 */
export async function receiveCreate(
  request: IncomingMessage,
  path: string,
): Promise<ReceivedBatch> {
  const target = await LineWriter.create(path);
  try {
    const received = await readRequests(request, target);
    await target.close();
    return received;
  } catch (error) {
    await target.close();
    await rm(path, { force: true });
    throw error;
  }
}

async function readRequests(request: IncomingMessage, target: LineWriter): Promise<ReceivedBatch> {
  const splitter = new ElementSplitter();
  const ids = new Set<string>();
  const hash = createHash('sha256');
  let bytes = 0;
  // Leaving the loop early must not destroy the connection, because the error is sent on it.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    hash.update(chunk);
    if (bytes > MAX_BODY_BYTES)
      throw new ApiError(413, 'Request exceeds the maximum allowed number of bytes.');
    for (const element of splitter.split(chunk)) {
      const { customId, line } = readElement(element, ids.size);
      if (ids.has(customId))
        throw new ApiError(400, `requests: custom_id must be unique, ${customId} is repeated`);
      ids.add(customId);
      await target.write(line);
    }
  }
  const signedHash = request.headers['x-amz-content-sha256'];
  if (signedHash !== undefined && signedHash !== hash.digest('hex'))
    throw new ApiError(403, 'x-amz-content-sha256 does not match the body');
  const frame = splitter.end();
  const list = isObject(frame) ? frame.requests : undefined;
  if (!Array.isArray(list)) throw new ApiError(400, 'requests: Field required');
  if (list.length === 0 || list.length > MAX_REQUESTS)
    throw new ApiError(400, `requests: List should have 1 to ${MAX_REQUESTS} items`);
  if (list.length !== ids.size) throw new ApiError(400, 'requests: Input should be an object');
  const [firstId = ''] = ids;
  return { requests: ids.size, firstId };
}

/** The `params` are checked when the request is run. */
function readElement(text: Buffer, index: number): { customId: string; line: string } {
  const refuse = (problem: string) => new ApiError(400, `requests.${index}.${problem}`);
  const element = parseJson(text.toString());
  if (element === undefined) throw new ApiError(400, 'The request body is not valid JSON');
  const { custom_id: customId, params } = isObject(element) ? element : {};
  if (typeof customId !== 'string') throw refuse('custom_id: Field required');
  if (!CUSTOM_ID.test(customId))
    throw refuse(`custom_id: String should match pattern '${CUSTOM_ID.source}'`);
  if (!isObject(params)) throw refuse('params: Field required');
  return { customId, line: JSON.stringify({ custom_id: customId, params }) };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** The requests are in a list within an object, so two levels deep. */
const ELEMENT_DEPTH = 2;
const MAX_FRAME_BYTES = 1024 * 1024;
/** Replaces each element in the frame. */
const PLACEHOLDER = '0';

/**
 * Splits a JSON text such as `{"requests":[{…},{…}]}` of any size into the texts of the objects in
 * its list, with one of them in memory. The text around them is the frame.
 */
export class ElementSplitter {
  #frame = '';
  #depth = 0;
  #inString = false;
  #escaped = false;
  #open: Buffer[] | undefined;

  /** Yields the objects that end in this piece of the text. */
  *split(chunk: Buffer): Generator<Buffer> {
    let start = 0;
    for (let index = 0; index < chunk.length; index++) {
      const change = this.#depthChange(chunk[index] ?? 0);
      if (change > 0 && this.#depth === ELEMENT_DEPTH && chunk[index] === OPEN_BRACE) {
        this.#addToFrame(chunk.subarray(start, index).toString() + PLACEHOLDER);
        this.#open = [];
        start = index;
      }
      this.#depth += change;
      if (change < 0 && this.#depth === ELEMENT_DEPTH && this.#open) {
        const element = Buffer.concat([...this.#open, chunk.subarray(start, index + 1)]);
        this.#open = undefined;
        start = index + 1;
        yield element;
      }
    }
    const rest = chunk.subarray(start);
    if (this.#open) this.#open.push(Buffer.from(rest));
    else this.#addToFrame(rest.toString());
  }

  /** @returns the body with 0 in the place of each object in its list. Undefined if it is no JSON */
  end(): unknown {
    return parseJson(this.#frame);
  }

  #depthChange(byte: number): number {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#inString = false;
      return 0;
    }
    if (byte === QUOTE) this.#inString = true;
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) return 1;
    return byte === CLOSE_BRACE || byte === CLOSE_BRACKET ? -1 : 0;
  }

  // Cuts a frame that is too long, which makes it invalid JSON.
  #addToFrame(text: string): void {
    this.#frame += text.slice(0, MAX_FRAME_BYTES - this.#frame.length);
  }
}
