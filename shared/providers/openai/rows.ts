import type OpenAI from 'openai';
import type { Outcome } from '../../batch/job.ts';
import { lineGroups } from '../../jsonl/lines.ts';
import { openWithin, READ_DEADLINE_MS, resumedDownload } from '../http.ts';
import { classify } from './errors.ts';

// One embeddings request may hold 2,048 texts, whose answer is one line of well over 100 MB.
const MAX_ROW_BYTES = 256 * 1024 * 1024;

/** The rows of all files of an outcome, which are in the OpenAI batch output format already. */
export async function* readRows(
  client: OpenAI,
  outcome: Outcome,
): AsyncGenerator<readonly Uint8Array[]> {
  for (const fileId of outcome.files)
    try {
      for await (const group of lineGroups(downloadResults(client, fileId), MAX_ROW_BYTES))
        yield group.map(({ bytes }) => bytes);
    } catch (error) {
      throw classify(error, 'read');
    }
}

/** A file's bytes, each once and in order. The API has no ranges. */
function downloadResults(client: OpenAI, fileId: string): AsyncGenerator<Uint8Array> {
  // Content-Length counts the bytes that arrive only without compression.
  const headers = { 'accept-encoding': 'identity' };
  const open = (signal: AbortSignal) => client.files.content(fileId, { signal, headers });
  return resumedDownload({
    open: (signal) =>
      openWithin(READ_DEADLINE_MS, signal, open).catch((error: unknown) => {
        throw classify(error, 'read');
      }),
    classify: (error) => classify(error, 'read'),
  });
}
