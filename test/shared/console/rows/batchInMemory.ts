import type { Status } from '../../../../shared/batch/status.ts';
import { storedObjects } from '../../../../shared/client/storedObjects.ts';
import type { FilesConnection } from '../../../../shared/console/rows/batchFiles.ts';
import { MemoryBucket } from '../../../../simulators/memory/bucket.ts';
import { type Changes, given, INPUT, ROWS } from '../../../support/given.ts';
import { chunked } from '../../../support/streams.ts';

interface Files {
  readonly input?: string | Buffer;
  readonly results?: string | Buffer;
  readonly errors?: string | Buffer;
}

/** A batch `b1` with these files in memory, and what was read of them. */
export function batchInMemory(
  { input, results, errors }: Files,
  {
    changes,
    status = 'completed',
    chunkBytes = 64 * 1024,
  }: { changes?: Changes; status?: Status; chunkBytes?: number } = {},
) {
  const bucket = new MemoryBucket();
  const files = [
    [INPUT.key, input],
    [ROWS.results, results],
    [ROWS.errors, errors],
  ] as const;
  for (const [key, content] of files)
    if (content !== undefined) bucket.objects.set(key, Buffer.from(content));
  const objects = storedObjects(bucket.store());
  const read = { bytes: 0 };
  const connection: FilesConnection = {
    batches: {
      ...({} as FilesConnection['batches']),
      get: async (batchId) => (batchId === 'b1' ? given(status, changes) : undefined),
    },
    objects: {
      ...objects,
      async *read(object, range) {
        for await (const whole of objects.read(object, range))
          for await (const chunk of chunked(Buffer.from(whole), chunkBytes)) {
            read.bytes += chunk.length;
            yield chunk;
          }
      },
    },
  };
  return { connection, bucket, read, ports: { connection, now: Date.now } };
}

export const request = (customId: string, prompt = 'p') =>
  JSON.stringify({
    custom_id: customId,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'm', messages: [{ role: 'user', content: prompt }] },
  });

export const result = (customId: string, answer = 'a') =>
  JSON.stringify({
    id: null,
    custom_id: customId,
    response: {
      status_code: 200,
      request_id: 'r',
      body: {
        choices: [{ index: 0, message: { role: 'assistant', content: answer } }],
        usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
      },
    },
    error: null,
  });

export const error = (customId: string, code = 'bad', message = 'it was bad') =>
  JSON.stringify({ id: null, custom_id: customId, response: null, error: { code, message } });

export const file = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');
