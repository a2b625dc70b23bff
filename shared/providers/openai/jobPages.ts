import type OpenAI from 'openai';
import type { ProviderError } from '../../batch/errors.ts';
import { readOptions } from '../readBounds.ts';
import { unusableAnswer } from '../unusableAnswer.ts';
import { classify } from './classify.ts';
import { type BatchList, batchListSchema, type WireBatch } from './wire.ts';

// https://platform.openai.com/docs/api-reference/batch/list: the largest page
const PAGE_SIZE = 100;

/** The account's batches, a page a call, until there is no more or the caller stops. */
export async function* jobPages(client: OpenAI): AsyncGenerator<readonly WireBatch[]> {
  let start: Start = {};
  while (true) {
    const page = await readPage(client, start);
    yield page.data;
    const next = startAfter(page);
    if (next === undefined) return;
    if (placeOf(next) === '' || placeOf(next) === placeOf(start)) throw stuck(placeOf(next));
    start = next;
  }
}

/** Where a page begins: after a job, or where the page before has said. */
type Start = { readonly after?: string; readonly cursor?: string };

function startAfter(page: BatchList): Start | undefined {
  if ('has_more' in page) return page.has_more ? { after: page.data.at(-1)?.id ?? '' } : undefined;
  const { next_cursor: cursor } = page.paging;
  return cursor ? { cursor } : undefined;
}

function placeOf({ after, cursor = after }: Start): string {
  return cursor ?? '';
}

async function readPage(client: OpenAI, start: Start): Promise<BatchList> {
  try {
    const query = { limit: PAGE_SIZE, ...start };
    // Not `batches.list`: it takes an answer without a list for an empty one.
    return batchListSchema.parse(await client.get('/batches', { query, ...readOptions() }));
  } catch (error) {
    throw classify(error, 'read');
  }
}

// A gateway that ignores the cursor: an endless listing, or one that seems to end early.
function stuck(cursor: string): ProviderError {
  return unusableAnswer(
    'OpenAI, read',
    `the page of jobs after ${cursor || 'the start'} leads no further`,
  );
}
