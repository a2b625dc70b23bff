import pMap from 'p-map';
import { isEnded } from '../batch/status.ts';
import { waitingQueues } from '../batch/waitingQueues.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { type ApiKeyInfo, listApiKeys } from '../operations/apiKeys.ts';
import { spentToday } from '../quota/providerState.ts';
import { tenantStore } from '../stores/tenants.ts';
import type { ScreenPorts } from './ports.ts';

/** A tenant and what it has. */
export interface TenantRow {
  readonly tenant: string;
  /** Batches of it that have not ended, of those that are held. */
  readonly openBatches: number;
  /** Batches of it that wait for room at a provider. */
  readonly waitingBatches: number;
  /** Estimated prompt tokens of these. */
  readonly waitingTokens: number;
  /** Whether more may wait: its queue is longer than what was read of it. */
  readonly isAtLeast: boolean;
  /** USD in the present UTC day. */
  readonly spentToday: number;
  /** USD. Absent: no limit. */
  readonly dailyBudget?: number;
}

export interface TenantsInfo {
  /** By name. */
  readonly tenants: readonly TenantRow[];
  /** Whether there are more tenants than are shown. */
  readonly hasMoreTenants: boolean;
  /** Of all tenants and of none, the newest first. */
  readonly keys: readonly ApiKeyInfo[];
  /** Whether there are more keys than are shown. */
  readonly hasMoreKeys: boolean;
  /** Whether all batches of the handler are counted. */
  readonly isComplete: boolean;
}

const MAX_TENANTS = 500;
const MAX_KEYS = 500;
/** Queues of a provider that are read, each with its first page of 1,000 batches. */
const MAX_QUEUES = 100;
const CONCURRENCY = 10;

interface Waiting {
  readonly batches: number;
  readonly tokens: number;
  readonly isAtLeast: boolean;
}

/** The tenants that have keys, batches that wait, or batches that are held. */
export async function readTenants(
  ports: Pick<ScreenPorts, 'client' | 'mirror' | 'now'>,
): Promise<TenantsInfo> {
  const { client, mirror, now } = ports;
  const { items } = client.connection;
  const [keys, waiting] = await Promise.all([
    listApiKeys({ items }, now(), { limit: MAX_KEYS + 1 }),
    readWaiting(ports),
    // The first page is read if nothing is held yet.
    mirror.find(() => true, { limit: 1 }),
  ]);
  const open = new Map<string, number>();
  for (const { tenant, status } of mirror.held())
    if (tenant !== undefined) open.set(tenant, (open.get(tenant) ?? 0) + (isEnded(status) ? 0 : 1));
  const names = new Set([
    ...keys.flatMap(({ tenant }) => tenant ?? []),
    ...waiting.keys(),
    ...open.keys(),
  ]);
  const sorted = [...names].sort();
  const states = tenantStore(items);
  const tenants = await pMap(
    sorted.slice(0, MAX_TENANTS),
    async (tenant) => {
      // A state that cannot be read is shown as one of which nothing is known.
      const state = await states.get(tenant).catch(() => ({ version: 0, dailyBudget: undefined }));
      const { batches = 0, tokens = 0, isAtLeast = false } = waiting.get(tenant) ?? {};
      return omitUndefined({
        ...{ tenant, openBatches: open.get(tenant) ?? 0 },
        ...{ waitingBatches: batches, waitingTokens: tokens, isAtLeast },
        ...{ spentToday: spentToday(state, now()), dailyBudget: state.dailyBudget },
      });
    },
    { concurrency: CONCURRENCY },
  );
  return {
    tenants,
    hasMoreTenants: sorted.length > MAX_TENANTS,
    keys: keys.slice(0, MAX_KEYS),
    hasMoreKeys: keys.length > MAX_KEYS,
    isComplete: mirror.isWhole,
  };
}

/** What waits at the providers, by tenant. */
async function readWaiting({
  client: {
    connection: { batches, handler },
  },
}: Pick<ScreenPorts, 'client'>): Promise<ReadonlyMap<string, Waiting>> {
  const waiting = new Map<string, Waiting>();
  for (const provider of handler.providers) {
    const queues: { readonly provider: string; readonly tenant: string }[] = [];
    for await (const { tenant } of waitingQueues(batches, provider)) {
      if (tenant !== undefined) queues.push({ provider, tenant });
      if (queues.length === MAX_QUEUES) break;
    }
    await pMap(
      queues,
      async (queue) => {
        const { items, cursor } = await batches.listWaiting(queue);
        const before = waiting.get(queue.tenant) ?? { batches: 0, tokens: 0, isAtLeast: false };
        waiting.set(queue.tenant, {
          batches: before.batches + items.length,
          tokens:
            before.tokens + items.reduce((sum, { estimatedTokens }) => sum + estimatedTokens, 0),
          isAtLeast: before.isAtLeast || cursor !== undefined,
        });
      },
      { concurrency: CONCURRENCY },
    );
  }
  return waiting;
}
