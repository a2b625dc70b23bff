import { pages } from './pages.ts';
import type { BatchStore, WaitingHint, WaitingQueue } from './ports.ts';

/** The queues of a provider: that of the batches of no tenant, and then those of tenants, by name. */
export async function* waitingQueues(
  { listTenants }: Pick<BatchStore, 'listTenants'>,
  provider: string,
): AsyncGenerator<WaitingQueue> {
  yield { provider };
  for await (const tenants of pages((cursor) => listTenants(provider, cursor)))
    for (const tenant of tenants) yield { provider, tenant };
}

/** All pages of all queues of a provider. Those of a queue follow each other. */
export async function* waitingPages(
  batches: Pick<BatchStore, 'listTenants' | 'listWaiting'>,
  provider: string,
): AsyncGenerator<readonly WaitingHint[]> {
  for await (const queue of waitingQueues(batches, provider))
    yield* pages((cursor) => batches.listWaiting(queue, cursor));
}
