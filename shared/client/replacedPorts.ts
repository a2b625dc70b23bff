import type { ClientQueues } from '../batch/clientPorts.ts';
import { DEFAULT_POLICY, type Policy, policySettingsSchema } from '../batch/policy.ts';
import type { BatchStore, ObjectStore } from '../batch/ports.ts';
import { shardsOf } from '../handlerMetadata.ts';
import { omitUndefined } from '../omitUndefined.ts';
import type { ProviderStateStore } from '../quota/providerState.ts';
import { batchStore } from '../stores/batchStore.ts';
import type { ItemTable } from '../stores/itemTable.ts';
import { providerStateStore } from '../stores/sweepStores.ts';
import { ClientError } from './clientError.ts';
import type { HandlerConnection } from './connection.ts';
import { storedObjects } from './storedObjects.ts';

/** What a port can be made of: the deployment that the client is connected to. */
export interface ClientDeployment {
  readonly policy: Policy;
  /** Undefined for a handler without a table. */
  readonly tableName: string | undefined;
  /** Undefined for a handler without a bucket. */
  readonly bucketName: string | undefined;
  /** Empty: a client does not know the other buckets that the functions may read. */
  readonly inputBuckets: readonly string[];
}

/** A port as a user gives it: as a value, or as a function that makes it. */
export type Port<T> = T | ((deployment: ClientDeployment) => T);

/**
 * The ports of a handler that a client uses in place of those on AWS. The object that is given to
 * `createHandlers` will do: what else it has is not used here.
 */
export interface ClientPorts {
  /** Replaces everything in the table. */
  readonly items?: Port<ItemTable>;
  /** Replaces the batches alone. Lists by creation need `items`, too. */
  readonly batches?: Port<BatchStore>;
  readonly providerStates?: Port<ProviderStateStore>;
  readonly objects?: Port<ObjectStore>;
  /** Sends messages to queues that are not in SQS, and reads their dead letters. */
  readonly clientQueues?: Port<ClientQueues>;
}

/** For each port of the runtime that a client uses, too: what of a connection depends on it. */
const DEPENDENT: Readonly<Record<string, readonly (keyof HandlerConnection)[]>> = {
  items: ['items', 'batches', 'providerStates'],
  batches: ['batches'],
  providerStates: ['providerStates'],
  objects: ['objects'],
  queues: ['queues'],
};

/** The port of a client that stands for one of the runtime. */
function portOf(name: string): string {
  return name === 'queues' ? 'clientQueues' : name;
}

/**
 * Puts the ports of a user in the place of those on AWS.
 *
 * @param replaced the ports that the handler has replaced, as its stack says. Whoever uses one of them
 *   that is not given gets a ClientError `ports_missing`
 * @throws ClientError `invalid_input` if a port is given that the handler has not replaced
 */
export function withPorts(
  connection: HandlerConnection,
  ports: ClientPorts,
  replaced: readonly string[],
): HandlerConnection {
  const { handler, aws } = connection;
  refuseSurplus(handler.name, ports, replaced);
  const { policy: settings } = handler.settings;
  const deployment: ClientDeployment = {
    policy: { ...DEFAULT_POLICY, ...omitUndefined(policySettingsSchema.catch({}).parse(settings)) },
    tableName: aws?.resources.table || undefined,
    bucketName: aws?.resources.bucket || undefined,
    inputBuckets: [],
  };
  const made = <T extends object>(port: Port<T> | undefined): T | undefined =>
    typeof port === 'function' ? port(deployment) : port;
  const items = made(ports.items);
  const batches = made(ports.batches);
  const objects = made(ports.objects);
  const given = omitUndefined({
    items,
    batches:
      batches ??
      (items && batchStore(items, { ...deployment.policy, shards: shardsOf(handler.settings) })),
    providerStates: made(ports.providerStates) ?? (items && providerStateStore(items)),
    objects: objects && storedObjects(objects),
    queues: made(ports.clientQueues),
  });
  const all = { ...connection, ...absentPorts(handler.name, replaced), ...given };
  const isTableOfBatches = batches === undefined && !replaced.includes('batches');
  return items || isTableOfBatches ? all : { ...all, items: withoutLists(all.items) };
}

/** A port that the functions do not use shows other batches than theirs, or none. */
function refuseSurplus(handler: string, ports: ClientPorts, replaced: readonly string[]): void {
  const given: Readonly<Record<string, unknown>> = { ...ports };
  const surplus = Object.keys(DEPENDENT).filter(
    (name) => given[portOf(name)] !== undefined && !replaced.includes(name),
  );
  if (surplus.length === 0) return;
  throw new ClientError(
    'invalid_input',
    `${handler} has not replaced ${surplus.join(', ')}, which ports gives: name the ports that its runtime.replaces names, or another stack`,
  );
}

/** A table that the batches are not in: its index by creation would show none. */
function withoutLists(items: ItemTable): ItemTable {
  const refuse = (): never => {
    throw new ClientError(
      'not_possible',
      'the port batches has no list by creation, only the port items: list with the status open',
    );
  };
  return {
    get: (id) => items.get(id),
    getMany: (ids) => items.getMany(ids),
    put: (item, condition) => items.put(item, condition),
    remove: (id, writeToken) => items.remove(id, writeToken),
    query: async (query) => (query.index === 'created' ? refuse() : items.query(query)),
    scan: refuse,
  };
}

/** Stand-ins for what depends on a port that the handler has replaced: each use is an error. */
function absentPorts(handler: string, replaced: readonly string[]): Partial<HandlerConnection> {
  const absent = (name: string) =>
    new Proxy(
      {},
      {
        get() {
          throw new ClientError(
            'ports_missing',
            `${handler} has replaced its port ${name}: give ${portOf(name)}, by --runtime FILE or as ports of createClient`,
          );
        },
      },
    );
  return Object.fromEntries(
    replaced.flatMap((name) => (DEPENDENT[name] ?? []).map((each) => [each, absent(name)])),
  );
}
