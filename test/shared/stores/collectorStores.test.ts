import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamoTable } from '../../../shared/aws/table.ts';
import {
  readRequestBatch,
  requestItemId,
  requestRegister,
} from '../../../shared/stores/collectorStores.ts';
import { type Emulators, startEmulators } from '../../support/emulators.ts';
import { NOW } from '../../support/given.ts';

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

describe('the register of requests', () => {
  const name = { provider: 'openai', customId: 'r/ö #1' };
  const place = { batchId: 'collected-x-1', position: 'token:0', digest: 'd' };
  const register = () =>
    requestRegister(dynamoTable(emulators.table, tableName), { keepSeconds: 97 * 24 * 60 * 60 });

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
