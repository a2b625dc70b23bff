import { describe, expect, it } from 'vitest';
import type { ClientQueues } from '../../../shared/batch/clientPorts.ts';
import type { HandlerConnection } from '../../../shared/client/connection.ts';
import { listBatches } from '../../../shared/client/listBatches.ts';
import { type ClientPorts, withPorts } from '../../../shared/client/replacedPorts.ts';
import type { ItemTable } from '../../../shared/stores/itemTable.ts';
import { MemoryBatches } from '../../../simulators/memory/batches.ts';
import { MemoryBucket } from '../../../simulators/memory/bucket.ts';
import { given } from '../../support/given.ts';
import { all } from '../../support/streams.ts';

const table = (name: string): ItemTable => ({
  get: async (id) => ({ id, writeToken: name }),
  getMany: async () => [],
  put: async () => true,
  remove: async () => true,
  query: async () => ({ items: [] }),
  async *scan() {},
});
const queues = { names: ['batch'] } as unknown as ClientQueues;

/** A handler on AWS that has replaced some ports, as a client with these sees it. */
function connected(replaced: string, ports: ClientPorts = {}): HandlerConnection {
  const connection = {
    handler: { name: 'Mine', providers: ['openai'], settings: { policy: { maxDeliveries: 7 } } },
    aws: { resources: { table: 'Table', bucket: '' } },
    items: table('aws'),
    batches: { partitions: { due: 1, active: 1 } },
    ...{ providerStates: {}, objects: { bucket: 'aws' }, queues: { names: ['work'] } },
  } as unknown as HandlerConnection;
  return withPorts(connection, ports, replaced.split(' '));
}

const tokenOf = async ({ items }: HandlerConnection) => (await items.get('a'))?.writeToken;

describe('a client of a handler with replaced ports', () => {
  it('uses those that it is given, made of the deployment, and those on AWS for the others', async () => {
    const bucket = new MemoryBucket('own');
    const made: unknown[] = [];
    const connection = connected('items objects', {
      items: (deployment) => {
        made.push(deployment);
        return table('mine');
      },
      objects: bucket.store(),
    });

    expect(await tokenOf(connection)).toBe('mine');
    expect(connection.objects.bucket).toBe('own');
    expect(connection.queues.names).toEqual(['work']);
    expect(made).toEqual([
      {
        policy: expect.objectContaining({ maxDeliveries: 7, maxAgeSeconds: expect.any(Number) }),
        tableName: 'Table',
        bucketName: undefined,
        inputBuckets: [],
      },
    ]);
  });

  it.each([
    ['items', (c: HandlerConnection) => c.batches.get('b'), 'items'],
    ['items', (c: HandlerConnection) => c.providerStates.get('openai'), 'items'],
    ['objects', (c: HandlerConnection) => c.objects.head({ bucket: 'b', key: 'k' }), 'objects'],
    ['queues', (c: HandlerConnection) => c.queues.send({ batchId: 'b' }), 'clientQueues'],
  ])('is told to give what it needs of %s', (replaced, use, needed) => {
    const connection = connected(replaced, { batches: undefined as never });
    expect(() => use(connection)).toThrow(
      expect.objectContaining({
        code: 'ports_missing',
        message: `Mine has replaced its port ${replaced}: give ${needed}, by --runtime FILE or as ports of createClient`,
      }),
    );
  });

  it('is refused with ports that the handler does not use', () => {
    expect(() => connected('batches', { items: table('mine'), clientQueues: queues })).toThrow(
      expect.objectContaining({
        code: 'invalid_input',
        message: expect.stringContaining('Mine has not replaced items, queues, which ports gives'),
      }),
    );
  });

  it('reads what the handler has not replaced without any ports', async () => {
    expect(await tokenOf(connected('queues bus metrics'))).toBe('aws');
    expect(connected('queues', { clientQueues: queues }).queues.names).toEqual(['batch']);
  });

  it('lists the open batches of a store alone, and is told that it has no list by creation', async () => {
    const batches = new MemoryBatches();
    batches.put(given('queued', { batchId: 'waits' }));
    const connection = connected('batches', { batches: batches.store() });
    Object.assign(connection, { providerStates: { list: async () => [] } });

    const open = await all(listBatches(connection, { status: 'open' }));
    expect(open.map(({ batchId }) => batchId)).toEqual(['waits']);
    await expect(all(listBatches(connection, {}))).rejects.toMatchObject({
      code: 'not_possible',
      message: expect.stringContaining('list with the status open'),
    });
  });
});
