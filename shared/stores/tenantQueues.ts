import { randomUUID } from 'node:crypto';
import type { IndexPage, TenantQueue } from '../batch/ports.ts';
import type { Batch } from '../batch/record.ts';
import { TABLE } from '../config.ts';
import { putIf, queryPage } from './items.ts';
import type { ItemTable } from './itemTable.ts';

/**
 * Which tenants may have batches waiting at a provider: the items `tenantQueue#<provider>#<tenant>`, in
 * the partition `tenants#<provider>` of the `due` index. The sweep reads only the queues that are listed,
 * so a batch is never in a queue that is not.
 *
 *   writer of a batch                       sweep
 *      │  listed in the last ten minutes, or list it, with a new token
 *      │  the batch enters the queue
 *      │                                       │  the queue is empty
 *      │                                       │  listed an hour ago or more: remove, by that token
 *
 * A writer that listed the queue meanwhile has changed the token. One that found it listed did so at most
 * ten minutes after `listedAt`, so that its write is older than what the sweep's indexes do not show yet.
 */
const { partitionKey, sortKey } = TABLE.dueIndex;

/** How long a queue that is listed is not listed again. */
const LISTED_FOR_MS = 10 * 60_000;
/**
 * How long a queue stays listed at least. It is longer than the above, the longest run of a function (15
 * minutes), in which its last write may wait, and the lag of an index together.
 */
const KEPT_FOR_MS = 60 * 60_000;
/** A write that took longer than this may come after the removal: the computer may have slept. */
const LATE_AFTER_MS = 20 * 60_000;
/** Writers and sweeps that come in between, one after the other, before it is given up. */
const MAX_CONFLICTS = 10;

export interface TenantQueues {
  /** Writes a record while its queue is listed, if it is to be in the queue of a tenant. */
  whileListed<T>(batch: Batch, write: () => Promise<T>): Promise<T>;
  /** The tenants whose queues at a provider are listed, by name. */
  list(provider: string, cursor: string | undefined): Promise<IndexPage<string>>;
  /** Lists a queue no longer, unless it was listed within the last hour. The queue was seen empty. */
  remove(queue: TenantQueue): Promise<void>;
}

/** @param now milliseconds since 1970 */
export function tenantQueues(table: ItemTable, now: () => number): TenantQueues {
  async function ensureListed(queue: TenantQueue): Promise<void> {
    const id = itemId(queue);
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
      const found = await table.get(id);
      const listedAt = now();
      if (found && listedAt - Number(found.listedAt) < LISTED_FOR_MS) return;
      const item = {
        ...{ id, writeToken: randomUUID(), listedAt },
        [partitionKey]: partitionOf(queue.provider),
        [sortKey]: queue.tenant,
      };
      const { writeToken = '' } = found ?? {};
      const isWritten = await putIf(
        table,
        item,
        found ? { is: 'token', writeToken } : { is: 'absent' },
      );
      if (isWritten) return;
    }
    throw new Error(`${id} met another writer ${MAX_CONFLICTS} times`);
  }

  return {
    async whileListed({ status, provider, spec }, write) {
      const { tenant } = spec;
      if (status !== 'queued' || tenant === undefined) return write();
      const startedAt = now();
      await ensureListed({ provider, tenant });
      const result = await write();
      if (now() - startedAt > LATE_AFTER_MS) await ensureListed({ provider, tenant });
      return result;
    },
    async list(provider, cursor) {
      const partition = partitionOf(provider);
      const page = await queryPage(table, { index: 'due', partition, cursor });
      return { items: page.items.map((item) => String(item[sortKey])), cursor: page.cursor };
    },
    async remove(queue) {
      const found = await table.get(itemId(queue));
      if (!found || !(now() - Number(found.listedAt) >= KEPT_FOR_MS)) return;
      await table.remove(found.id, found.writeToken ?? '');
    },
  };
}

function itemId({ provider, tenant }: TenantQueue): string {
  return `tenantQueue#${provider}#${tenant}`;
}

function partitionOf(provider: string): string {
  return `tenants#${provider}`;
}
