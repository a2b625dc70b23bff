import pMap from 'p-map';
import * as z from 'zod';
import { NewerSchemaError, UnreadableRecordError } from '../batch/errors.ts';
import type { Limits } from '../batch/job.ts';
import { usualActive } from '../batch/partitions.ts';
import { DEFAULT_POLICY } from '../batch/policy.ts';
import type { ActiveHint, BatchStore, IndexPage, WaitingQueue } from '../batch/ports.ts';
import { waitingQueues } from '../batch/waitingQueues.ts';
import { omitUndefined } from '../omitUndefined.ts';
import {
  PROVIDER_STATE_SCHEMA_VERSION,
  type ProviderState,
  type ProviderStateStore,
} from '../quota/providerState.ts';
import { QueueView, type ReadQueue } from '../quota/queueView.ts';
import type { EntryView } from '../quota/queueWait.ts';
import type { TenantState } from '../quota/tenantState.ts';
import type { ItemTable } from '../stores/itemTable.ts';
import { tenantStore } from '../stores/tenants.ts';
import type { Handler } from './connection.ts';
import { Latest } from './latest.ts';
import { type ProviderInfo, providerInfo } from './providerInfo.ts';

/** What is read to tell why batches wait. */
export interface WorldSource {
  readonly batches: Pick<
    BatchStore,
    'getMany' | 'listWaiting' | 'listTenants' | 'listActive' | 'partitions'
  >;
  readonly providerStates: Pick<ProviderStateStore, 'get'>;
  readonly items: ItemTable;
  readonly handler: Pick<Handler, 'providers' | 'settings' | 'limits'>;
}

/** Pages of 1,000 that are read of each index of a provider. */
const MAX_PAGES = 5;
/** Queues of a provider that are read. Tenants beyond that are not counted among those who share. */
const MAX_QUEUES = 100;
/** How old a state may be that is shown: of many batches that are watched, each asks for it. */
const STATE_AGE_MS = 2_000;
/** Reading a long queue takes longer, and places in it change slowly. */
const QUEUE_AGE_MS = 15_000;
/** The places of a short queue are read as often as the states. */
const SHORT_QUEUE = 100;

/** Reads the provider entries of a handler, each at most once in a while, whatever number of batches asks. */
export class ProviderWorld {
  readonly #source: WorldSource;
  readonly #states = new Map<string, Latest<ProviderState>>();
  readonly #tenants = new Map<string, Latest<TenantState | undefined>>();
  readonly #queues = new Map<string, Latest<ReadView>>();

  constructor(source: WorldSource) {
    this.#source = source;
  }

  /**
   * @param needsQueue whether its queue and its jobs are needed, too
   * @returns undefined if the deployment has no such entry
   */
  async entry(name: string, needsQueue: boolean): Promise<EntryView | undefined> {
    const { handler } = this.#source;
    if (!handler.providers.includes(name)) return undefined;
    const [state, queue] = await Promise.all([
      this.state(name),
      needsQueue ? this.queue(name) : undefined,
    ]);
    return { state, ...entrySettings(handler, name), queue };
  }

  /**
   * All entries of the deployment, the default first, and those that were removed from it while batches
   * are left there.
   */
  async providers(names: readonly string[], now: number): Promise<readonly ProviderInfo[]> {
    const { handler } = this.#source;
    const removed = names.filter((name) => !handler.providers.includes(name));
    const infos: ProviderInfo[] = [];
    for (const name of [...handler.providers, ...removed]) {
      const [state, queue] = await Promise.all([this.state(name), this.queue(name)]);
      const isRemoved = removed.includes(name);
      if (isRemoved && queue.active.length + queue.totals.batches === 0) continue;
      const entry = { state, ...entrySettings(handler, name) };
      infos.push(providerInfo(entry, queue, { now, isRemoved }));
    }
    return infos;
  }

  /** A state that cannot be read is shown as one of which nothing is known. */
  state(name: string): Promise<ProviderState> {
    return latestOf(this.#states, name, async () => {
      try {
        return await this.#source.providerStates.get(name);
      } catch (error) {
        if (!(error instanceof NewerSchemaError || error instanceof UnreadableRecordError))
          throw error;
        const schemaVersion = PROVIDER_STATE_SCHEMA_VERSION;
        return { schemaVersion, provider: name, version: 0 };
      }
    });
  }

  /** Reads the state anew when it is asked for next: it has just been changed. */
  forget(name: string): void {
    this.#states.delete(name);
  }

  /** A state that cannot be read is shown as one of which nothing is known. */
  tenant(name: string): Promise<TenantState | undefined> {
    return latestOf(this.#tenants, name, () =>
      tenantStore(this.#source.items)
        .get(name)
        .catch(() => undefined),
    );
  }

  async queue(name: string): Promise<QueueView> {
    const { batches } = this.#source;
    const read = async (): Promise<ReadView> => {
      const [queues, active] = await Promise.all([
        readQueues(batches, name),
        readActive(batches, name),
      ]);
      const view = new QueueView(queues, active);
      const isShort = view.totals.batches <= SHORT_QUEUE && queues.length <= SHORT_QUEUE;
      return { view, isShort };
    };
    const ageMs = ({ isShort }: ReadView) => (isShort ? STATE_AGE_MS : QUEUE_AGE_MS);
    return (await latestOf(this.#queues, name, read, ageMs)).view;
  }
}

/** What occupies a provider, of very much the first. */
async function readActive(
  batches: WorldSource['batches'],
  provider: string,
): Promise<readonly ActiveHint[]> {
  const partitions = usualActive(batches);
  const maxPages = Math.max(1, Math.floor(MAX_PAGES / partitions.length));
  const pages = await pMap(
    partitions,
    (partition) =>
      firstPages((cursor) => batches.listActive(provider, cursor, partition), maxPages),
    { concurrency: 10 },
  );
  return pages.flatMap(({ items }) => items);
}

/** The front of each queue of a provider. Many queues share the pages of one. */
async function readQueues(
  batches: WorldSource['batches'],
  provider: string,
): Promise<readonly ReadQueue[]> {
  const queues: WaitingQueue[] = [];
  for await (const queue of waitingQueues(batches, provider)) {
    queues.push(queue);
    if (queues.length === MAX_QUEUES) break;
  }
  const maxPages = Math.max(1, Math.floor(MAX_PAGES / queues.length));
  return pMap(
    queues,
    async (queue) => {
      const { items, isCut } = await firstPages(
        (cursor) => batches.listWaiting(queue, cursor),
        maxPages,
      );
      return { tenant: queue.tenant, waiting: items, isCut };
    },
    { concurrency: 10 },
  );
}

/** What was read of the queues of a provider. */
interface ReadView {
  readonly view: QueueView;
  readonly isShort: boolean;
}

/** What is known of one of several things. The first that asks for one says how it is read. */
function latestOf<T>(
  known: Map<string, Latest<T>>,
  name: string,
  read: () => Promise<T>,
  maxAgeMs: number | ((value: T) => number) = STATE_AGE_MS,
): Promise<T> {
  const latest = known.get(name) ?? new Latest(read, { maxAgeMs, now: Date.now });
  known.set(name, latest);
  return latest.get();
}

async function firstPages<T>(
  list: (cursor: string | undefined) => Promise<IndexPage<T>>,
  maxPages: number,
): Promise<{ readonly items: readonly T[]; readonly isCut: boolean }> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < maxPages; page++) {
    const read = await list(cursor);
    items.push(...read.items);
    cursor = read.cursor;
    if (cursor === undefined) break;
  }
  return { items, isCut: cursor !== undefined };
}

/** The settings of an entry that say what waits. A field that another version wrote otherwise is unknown. */
const entrySchema = z.object({
  limits: z.record(z.string(), z.number()).optional().catch(undefined),
  dailyBudget: z.number().optional().catch(undefined),
});

function entrySettings({ settings, limits = {} }: WorldSource['handler'], name: string) {
  const { providers } = settings;
  const entries = z.record(z.string(), entrySchema).safeParse(providers).data ?? {};
  const { limits: own, dailyBudget } = entries[name] ?? {};
  const known: Partial<Limits> = { ...limits[name], ...own };
  return { limits: known, ...omitUndefined({ dailyBudget }) };
}

/** Invocations of the processor for one delivery, by a handler's settings. */
export function maxDeliveriesOf({ settings }: Pick<Handler, 'settings'>): number {
  const policy = z.object({ maxDeliveries: z.number() }).safeParse(settings.policy).data;
  return policy?.maxDeliveries ?? DEFAULT_POLICY.maxDeliveries;
}
