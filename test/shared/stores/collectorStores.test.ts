import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from 'vitest';
import {
  readRequestBatch,
  requestItemId,
  requestRegister,
} from '../../../shared/stores/collectorStores.ts';
import { freshTable } from '../../support/freshTable.ts';
import { NOW } from '../../support/given.ts';

const fresh = freshTable();

describe('the register of requests', () => {
  const name = { provider: 'openai', customId: 'r/ö #1' };
  const place = { batchId: 'collected-x-1', position: 'token:0', digest: 'd' };
  const register = () => requestRegister(fresh.table, { keepSeconds: 97 * 24 * 60 * 60 });

  it('returns the batch of a request as long as its item is kept', async () => {
    expect(await readRequestBatch(fresh.table, name)).toBeUndefined();
    await register().claim(name, place, NOW);
    await register().claim(name, place, NOW + 1e9);
    expect(await readRequestBatch(fresh.table, name)).toBe('collected-x-1');
    const key = { id: requestItemId(name) };
    const { Item: item } = await fresh.emulators.table.send(
      new GetCommand({ TableName: fresh.tableName, Key: key }),
    );
    expect(item?.expiresAt).toBe(NOW / 1000 + 97 * 24 * 60 * 60);
  });
});
