import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { LineWriter } from '../engine/lines.ts';
import { isObject } from '../engine/server.ts';
import { ApiError } from './errors.ts';

/** What a create call holds, besides the requests, which are on disk. */
export interface CreateRequest {
  readonly requests: number;
  /** Of the first request. */
  readonly firstId: string;
}

// https://platform.claude.com/docs/en/build-with-claude/batch-processing
const MAX_REQUESTS = 100_000;
const MAX_BODY_BYTES = 256 * 1024 * 1024;
const CUSTOM_ID = /^[a-zA-Z0-9_-]{1,64}$/;

/**
 * Streams the requests of a create call to `path`, one a line; nothing is there if this throws.
 *
 * @throws ApiError 400 or 413
 */
export async function receiveCreate(
  request: IncomingMessage,
  path: string,
): Promise<CreateRequest> {
  const target = await LineWriter.create(path);
  try {
    const received = await receive(request, target);
    await target.close();
    return received;
  } catch (error) {
    await target.close();
    await rm(path, { force: true });
    throw error;
  }
}

async function receive(request: IncomingMessage, target: LineWriter): Promise<CreateRequest> {
  const splitter = new ElementSplitter();
  const ids = new Set<string>();
  let bytes = 0;
  // Leaving early must not destroy the connection, on which the refusal is still to be sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
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
  const frame = splitter.end();
  const list = isObject(frame) ? frame.requests : undefined;
  if (!Array.isArray(list)) throw new ApiError(400, 'requests: Field required');
  if (list.length === 0 || list.length > MAX_REQUESTS)
    throw new ApiError(400, `requests: List should have 1 to ${MAX_REQUESTS} items`);
  if (list.length !== ids.size) throw new ApiError(400, 'requests: Input should be an object');
  const [firstId = ''] = ids;
  return { requests: ids.size, firstId };
}

/** The `params` are looked at when the request is run. */
function readElement(text: Buffer, index: number): { customId: string; line: string } {
  const refuse = (problem: string) => new ApiError(400, `requests.${index}.${problem}`);
  const { custom_id: customId, params } = parse(text) ?? {};
  if (typeof customId !== 'string') throw refuse('custom_id: Field required');
  if (!CUSTOM_ID.test(customId))
    throw refuse(`custom_id: String should match pattern '${CUSTOM_ID.source}'`);
  if (!isObject(params)) throw refuse('params: Field required');
  return { customId, line: JSON.stringify({ custom_id: customId, params }) };
}

function parse(text: Buffer): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text.toString());
  } catch {
    throw new ApiError(400, 'The request body is not valid JSON');
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Objects in a list in the body's object: one level for the object, one for the list. */
const ELEMENT_DEPTH = 2;
const MAX_FRAME_BYTES = 1024 * 1024;
/** Stands for each element in the frame. */
const PLACEHOLDER = '0';

/**
 * Splits a JSON text such as `{"requests":[{…},{…}]}` of any size into the texts of its list's
 * objects, holding one of them. Everything around them is the frame.
 */
export class ElementSplitter {
  #frame = '';
  #depth = 0;
  #inString = false;
  #escaped = false;
  #open: Buffer[] | undefined;

  /** The objects that end in this piece of the text. */
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

  /** @returns the body with each object in its list as 0; undefined if it is no JSON */
  end(): unknown {
    try {
      return JSON.parse(this.#frame);
    } catch {
      return undefined;
    }
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

  // What is over it is cut, which makes it invalid JSON.
  #addToFrame(text: string): void {
    this.#frame += text.slice(0, MAX_FRAME_BYTES - this.#frame.length);
  }
}
