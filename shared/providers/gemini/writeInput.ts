import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { RefusedError } from '../../batch/errors.ts';
import { lineGroups } from '../../jsonl/lines.ts';
import { lineSink } from '../../jsonl/sink.ts';
import type { Submission } from '../provider.ts';
import { type Request, type RequestSettings, requestOf } from './request.ts';

/** https://ai.google.dev/gemini-api/docs/batch-api: 2 GB a file, read as 10^9 bytes each. */
const MAX_BYTES = 2 * 1000 ** 3;

/**
 * Writes the requests as the API wants them, one `{"key", "request"}` a line: memory holds a few
 * lines, whatever the size.
 *
 * @returns the length in bytes
 * @throws RefusedError if the settings refuse a request that has passed the inspection, or the file
 * is too large
 */
export async function writeInput(
  path: string,
  { file, format }: Pick<Submission, 'file' | 'format'>,
  settings: RequestSettings,
  maxBytes = MAX_BYTES,
): Promise<number> {
  await using target = await open(path, 'w');
  let bytes = 0;
  const sink = lineSink({
    async write(chunk) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      await target.writeFile(chunk);
    },
  });
  for await (const group of lineGroups(createReadStream(file.path)))
    for (const line of group) {
      const { custom_id: key, ...request }: Line = JSON.parse(line.bytes.toString());
      const translated = { key, request: requestOf(request, format, settings) };
      if (sink.add(Buffer.from(JSON.stringify(translated)))) await sink.flush();
    }
  await sink.close();
  return bytes;
}

type Line = Request & { readonly custom_id: string };

function tooLarge(maxBytes: number): RefusedError {
  return new RefusedError({
    code: 'request_too_large',
    message: `as Gemini's requests, the batch has over ${maxBytes} bytes: split it, or lower the entry's limits.maxBytes`,
  });
}
