import type { ListedJob } from '../provider.ts';
import type { Client } from './client.ts';
import { listPages } from './listPages.ts';
import { batchListSchema } from './wire.ts';

/** Jobs since then, by their display names. An account has few: those that ended are deleted. */
export async function* listJobs(client: Client, since: number): AsyncGenerator<ListedJob> {
  for await (const { operations } of listPages(client, 'batches', batchListSchema))
    for (const { name, metadata } of operations)
      if (metadata.createTime >= since)
        yield {
          id: name,
          key: metadata.displayName ?? undefined,
          createdAt: metadata.createTime,
        };
}
