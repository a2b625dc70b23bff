import type OpenAI from 'openai';
import type { ListedState } from '../provider.ts';
import { jobPages } from './jobPages.ts';
import { jobStateOf } from './jobState.ts';

/** A listing has the whole batches: what `check` is told of one, it tells of 100 in a call. */
export async function* listStates(client: OpenAI): AsyncGenerator<ListedState> {
  for await (const page of jobPages(client))
    for (const batch of page) yield { jobId: batch.id, state: jobStateOf(batch) };
}
