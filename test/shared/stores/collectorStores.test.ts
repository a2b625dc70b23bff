import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamoTable } from '../../../shared/aws/table.ts';
import { type Lane, withChunk, withoutWindow } from '../../../shared/collector/lane.ts';
import {
  laneStore,
  readRequestBatch,
  requestItemId,
  requestRegister,
} from '../../../shared/stores/collectorStores.ts';
import { type Emulators, startEmulators } from '../../support/emulators.ts';
import { NOW } from '../../support/given.ts';

const LANE: Lane = {
  ...{ schemaVersion: 1, version: 1, laneId: '0123456789abcdef', provider: 'openai' },
  ...{ model: 'm', endpoint: '/v1/embeddings', next: 1, sealed: [] },
};
const LIMITS = { maxRequests: 2, maxBytes: 1000, maxAgeSeconds: 300 };
const OPEN = withChunk(LANE, { token: 'a', requests: 1, bytes: 10 }, LIMITS, NOW);

let emulators: Emulators;
let tableName: string;

beforeAll(async () => {
  emulators = await startEmulators();
});
afterAll(() => emulators.stop());
beforeEach(async () => {
  tableName = `table-${crypto.randomUUID()}`;
  await emulators.createTable(tableName);
});

describe('lanes', () => {
  const store = () => laneStore(dynamoTable(emulators.table, tableName));

  it('are written over the version that they were made from, and over no other', async () => {
    expect(await store().get(LANE.laneId)).toBeUndefined();
    const both = await Promise.all([store().replace(OPEN), store().replace(LANE)]);
    expect(both.sort()).toEqual(['conflict', 'written']);
    expect(await store().replace({ ...OPEN, version: 2 })).toBe('written');
    expect(await store().replace({ ...LANE, version: 2 })).toBe('conflict');
    expect(await store().get(LANE.laneId)).toEqual({ ...OPEN, version: 2 });
  });

  it('are listed from when they are due until they have no windows', async () => {
    await store().replace(OPEN);
    expect((await store().listDue(NOW + 299_999)).items).toEqual([]);
    expect((await store().listDue(NOW + 300_000)).items).toEqual([LANE.laneId]);
    const chunk = { token: 'b', requests: 1, bytes: 10 };
    const full = { ...withChunk(OPEN, chunk, LIMITS, NOW), version: 2 };
    await store().replace(full);
    expect((await store().listDue(NOW)).items).toEqual([LANE.laneId]);
    await store().replace({ ...withoutWindow(full, 1), version: 3 });
    expect((await store().listDue(NOW + 300_000)).items).toEqual([]);
  });
});

describe('the register of requests', () => {
  const name = { provider: 'openai', customId: 'r/ö #1' };
  const place = { batchId: 'collected-x-1', position: 'token:0', digest: 'd' };
  const register = () =>
    requestRegister(dynamoTable(emulators.table, tableName), { keepSeconds: 97 * 24 * 60 * 60 });

  it('gives a request to the first claim, however often it is repeated', async () => {
    const other = { batchId: 'collected-x-2', position: 'token:9', digest: 'e' };
    expect(await register().claim(name, place, NOW)).toEqual(place);
    expect(await register().claim(name, other, NOW)).toEqual(place);
    expect(await register().claim(name, place, NOW + 5)).toEqual(place);
    expect(await register().claim({ ...name, provider: 'azure' }, other, NOW)).toEqual(other);
  });

  it('gives it to one of many simultaneous claims', async () => {
    const claims = Array.from({ length: 20 }, (_, index) =>
      register().claim(name, { ...place, position: `token:${index}` }, NOW),
    );
    const owners = new Set((await Promise.all(claims)).map(({ position }) => position));
    expect(owners.size).toBe(1);
  });

  it('returns the batch of a request as long as its item is kept', async () => {
    expect(await readRequestBatch(dynamoTable(emulators.table, tableName), name)).toBeUndefined();
    await register().claim(name, place, NOW);
    await register().claim(name, place, NOW + 1e9);
    expect(await readRequestBatch(dynamoTable(emulators.table, tableName), name)).toBe(
      'collected-x-1',
    );
    const key = { id: requestItemId(name) };
    const { Item: item } = await emulators.table.send(
      new GetCommand({ TableName: tableName, Key: key }),
    );
    expect(item?.expiresAt).toBe(NOW / 1000 + 97 * 24 * 60 * 60);
  });
});
