import type OpenAI from 'openai';
import { ProviderError, RefusedError } from '../../batch/errors.ts';
import type { Outcome } from '../../batch/job.ts';
import { lineGroups } from '../../jsonl/lines.ts';
import { download } from './download.ts';

// One embeddings request may hold 2,048 texts, whose answer is one line of well over 100 MB.
const MAX_ROW_BYTES = 256 * 1024 * 1024;

/** The rows of all files of an outcome: already in the format that everything else speaks. */
export async function* readRows(
  client: OpenAI,
  outcome: Outcome,
): AsyncGenerator<readonly Uint8Array[]> {
  for (const fileId of outcome.files)
    try {
      for await (const group of lineGroups(download(client, fileId), MAX_ROW_BYTES))
        yield group.map(({ bytes }) => bytes);
    } catch (error) {
      // A line over the limit: it will not be shorter the next time.
      throw error instanceof RefusedError ? new ProviderError('permanent', error.reason) : error;
    }
}
