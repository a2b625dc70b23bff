import type OpenAI from 'openai';
import type { ListedJob } from '../provider.ts';
import { readOptions } from '../readBounds.ts';
import { classify } from './classify.ts';
import type { Dialect } from './dialect.ts';
import { jobPages } from './jobPages.ts';
import { KEY_METADATA } from './submit.ts';
import { keyOfUpload } from './upload.ts';
import { fileNameSchema, type WireBatch } from './wire.ts';

/** Times are cut to whole seconds. */
const SECOND_MS = 1000;

/**
 * Pages back until a page, newest first, has reached past `since`, or there is no more. Only OpenAI
 * documents that order: from a service with another one, everything is read.
 */
export async function* listJobs(
  client: OpenAI,
  since: number,
  { isTolerant }: Pick<Dialect, 'isTolerant'>,
): AsyncGenerator<ListedJob> {
  for await (const page of jobPages(client)) {
    for (const batch of page) {
      if (isBefore(batch, since)) continue;
      const key = batch.metadata?.[KEY_METADATA];
      yield {
        id: batch.id,
        key: key ?? (isTolerant ? await keyByFile(client, batch) : undefined),
        createdAt: batch.created_at * 1000,
      };
    }
    const oldest = page.at(-1);
    if (oldest && isBefore(oldest, since) && isNewestFirst(page)) return;
  }
}

function isBefore(batch: WireBatch, since: number): boolean {
  return batch.created_at * 1000 + SECOND_MS <= since;
}

function isNewestFirst(page: readonly WireBatch[]): boolean {
  return page.every((batch, index) => batch.created_at <= (page[index - 1] ?? batch).created_at);
}

/** For a service that does not give metadata back: our uploads bear the key in their name. */
async function keyByFile(client: OpenAI, batch: WireBatch): Promise<string | undefined> {
  if (batch.metadata != null || !batch.input_file_id) return undefined;
  try {
    const file: unknown = await client.files.retrieve(batch.input_file_id, readOptions());
    return keyOfUpload(fileNameSchema.parse(file).filename);
  } catch (error) {
    const failure = classify(error, 'read');
    // Deleted: of a job whose results are safe, and which nobody looks for.
    if (failure.kind === 'missing') return undefined;
    throw failure;
  }
}
