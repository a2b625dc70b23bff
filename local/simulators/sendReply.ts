import { createReadStream } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Fault } from './faults.ts';
import type { Reply } from './router.ts';

/** Sends a reply whole, or the way the fault has it. */
export async function sendReply(
  response: ServerResponse,
  reply: Reply,
  fault: Fault | undefined,
): Promise<void> {
  if (fault?.kind === 'lost' || ('lost' in reply && reply.lost)) {
    response.destroy();
    return;
  }
  const patch = fault?.kind === 'patch' ? fault.fields : {};
  const body =
    'json' in reply ? Buffer.from(JSON.stringify(patched(reply.json, patch)) ?? '') : reply.file;
  response.writeHead(reply.status, {
    ...('headers' in reply ? reply.headers : {}),
    'content-type': 'type' in body ? body.type : 'application/json',
    'content-length': 'bytes' in body ? body.bytes : body.length,
  });
  const start = 'path' in body ? (body.start ?? 0) : 0;
  // An empty range is not expressible to createReadStream, so `end` is kept at 0 or above.
  const limit = fault?.kind === 'cut' ? fault.afterBytes : Number.POSITIVE_INFINITY;
  const content =
    'path' in body
      ? createReadStream(body.path, { start, end: start + Math.max(0, limit - 1) })
      : Readable.from([body.subarray(0, limit)]);
  await pipeline(content, response, { end: fault?.kind !== 'cut' });
  // Lets what was written go out before the connection breaks.
  if (fault?.kind === 'cut') response.socket?.destroySoon();
}

function patched(json: unknown, fields: Readonly<Record<string, unknown>>): unknown {
  return typeof json === 'object' ? { ...json, ...fields } : json;
}
