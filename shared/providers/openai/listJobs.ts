import type OpenAI from 'openai';
import { ProviderError } from '../../batch/errors.ts';
import type { ListedJob } from '../provider.ts';
import { classify } from './classify.ts';
import { readOptions } from './client.ts';
import { KEY_METADATA } from './submit.ts';
import { batchListSchema, type WireBatch } from './wire.ts';

// https://platform.openai.com/docs/api-reference/batch/list: the largest page
const PAGE_SIZE = 100;

/** Pages back, newest first, until a job is older than `since` or there is none. */
export async function* listJobs(client: OpenAI, since: number): AsyncGenerator<ListedJob> {
  let after: string | undefined;
  while (true) {
    const page = await readPage(client, after);
    for (const batch of page.data) {
      // OpenAI cuts times to whole seconds.
      if ((batch.created_at + 1) * 1000 <= since) return;
      yield toListedJob(batch);
    }
    if (!page.has_more) return;
    const last = page.data.at(-1)?.id;
    if (last === undefined || last === after) throw stuck(last);
    after = last;
  }
}

async function readPage(client: OpenAI, after: string | undefined) {
  try {
    const query = after === undefined ? { limit: PAGE_SIZE } : { limit: PAGE_SIZE, after };
    // Not `batches.list`: it takes an answer without a list for an empty one.
    return batchListSchema.parse(await client.get('/batches', { query, ...readOptions() }));
  } catch (error) {
    throw classify(error, 'read');
  }
}

// A gateway that ignores the cursor: an endless listing, or one that seems to end early.
function stuck(cursor: string | undefined): ProviderError {
  const message = `OpenAI, read: the page of jobs after ${cursor ?? 'the start'} leads no further`;
  return new ProviderError('transient', { code: 'no_usable_answer', message });
}

function toListedJob(batch: WireBatch): ListedJob {
  return {
    id: batch.id,
    key: batch.metadata?.[KEY_METADATA],
    createdAt: batch.created_at * 1000,
  };
}
