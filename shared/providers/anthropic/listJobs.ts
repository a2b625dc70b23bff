import type Anthropic from '@anthropic-ai/sdk';
import type { ProviderError } from '../../batch/errors.ts';
import type { ListedJob } from '../provider.ts';
import { readOptions } from '../readBounds.ts';
import { unusableAnswer } from '../unusableAnswer.ts';
import { classify } from './classify.ts';
import type { EndedKeys } from './endedKeys.ts';
import { batchListSchema, type WireBatch } from './wire.ts';

// https://platform.claude.com/docs/en/api/messages/batches/list: the largest page is 1,000
const PAGE_SIZE = 100;

/** Pages back, newest first, until a job is older than `since` or there is none. */
export async function* listJobs(
  client: Anthropic,
  keys: EndedKeys,
  since: number,
): AsyncGenerator<ListedJob> {
  let after: string | undefined;
  while (true) {
    const page = await readPage(client, after);
    for (const batch of page.data) {
      if (batch.created_at < since) return;
      yield await toListedJob(batch, keys);
    }
    if (!page.has_more) return;
    const last = page.data.at(-1)?.id;
    if (last === undefined || last === after) throw stuck(last);
    after = last;
  }
}

async function readPage(client: Anthropic, after: string | undefined) {
  try {
    const query =
      after === undefined ? { limit: PAGE_SIZE } : { limit: PAGE_SIZE, after_id: after };
    // Not `batches.list`: it takes an answer without a list for an empty one.
    const answer: unknown = await client.get('/v1/messages/batches', { query, ...readOptions() });
    return batchListSchema.parse(answer);
  } catch (error) {
    throw classify(error, 'read');
  }
}

// A gateway that ignores the cursor: an endless listing, or one that seems to end early.
function stuck(cursor: string | undefined): ProviderError {
  return unusableAnswer(
    'Anthropic, read',
    `the page of jobs after ${cursor ?? 'the start'} leads no further`,
  );
}

/** A job shows whose it is in its results only, and those exist when it has ended. */
async function toListedJob(batch: WireBatch, keys: EndedKeys): Promise<ListedJob> {
  const { id, created_at: createdAt, request_counts: counts } = batch;
  if (batch.processing_status !== 'ended') {
    const hiddenRequests = Object.values(counts).reduce((sum, count) => sum + count, 0);
    return { id, key: undefined, createdAt, hiddenRequests };
  }
  const key = batch.archived_at == null ? await keys.keyOf(id) : undefined;
  return { id, key, createdAt };
}
