import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { LineWriter } from '../lineWriter.ts';
import { isObject } from '../readJson.ts';
import { ElementSplitter } from './elements.ts';
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
