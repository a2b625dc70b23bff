import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dynamoTable } from '../../../shared/aws/table.ts';
import { NewerSchemaError } from '../../../shared/batch/errors.ts';
import type { BatchStore } from '../../../shared/batch/ports.ts';
import { BATCH_SCHEMA_VERSION } from '../../../shared/batch/record.ts';
import { batchStore } from '../../../shared/stores/batchStore.ts';
import { aBatch } from '../../support/batches.ts';
import { type Emulators, startEmulators } from '../../support/emulators.ts';

let emulators: Emulators;
let store: BatchStore;
let tables = 0;
const tableName = () => `batches-${tables}`;

beforeAll(async () => {
  emulators = await startEmulators();
});
afterAll(() => emulators.stop());
beforeEach(async () => {
  tables += 1;
  await emulators.createTable(tableName());
  store = batchStore(dynamoTable(emulators.table, tableName()), {
    retentionSeconds: 60,
    maxAgeSeconds: 60,
  });
});

async function setSchemaVersion(batchId: string, schemaVersion: number): Promise<void> {
  await emulators.table.send(
    new UpdateCommand({
      TableName: tableName(),
      Key: { id: `batch#${batchId}` },
      UpdateExpression: 'SET schemaVersion = :version',
      ExpressionAttributeValues: { ':version': schemaVersion },
    }),
  );
}

describe('writing', () => {
  test('creates a record once', async () => {
    // Prepare
    const batch = aBatch();
    // Act
    const first = await store.create(batch);
    const second = await store.create({ ...batch, sends: 2 });
    // Assess
    expect([first, second]).toEqual(['written', 'exists']);
    expect(await store.get('b1')).toEqual(batch);
    expect(await store.get('b2')).toBeUndefined();
  });

  test('replaces a record at the version before, and no other', async () => {
    // Prepare
    await store.create(aBatch());
    // Act
    const next = await store.replace(aBatch({ version: 1, status: 'queued' }));
    const again = await store.replace(aBatch({ version: 1, status: 'failed' }));
    const ahead = await store.replace(aBatch({ version: 3 }));
    const absent = await store.replace(aBatch({ batchId: 'b2', version: 1 }));
    // Assess
    expect([next, again, ahead, absent]).toEqual(['written', 'conflict', 'conflict', 'conflict']);
    expect(await store.get('b1')).toMatchObject({ version: 1, status: 'queued' });
  });

  test('of many writers at once, one wins', async () => {
    // Prepare
    await store.create(aBatch());
    // Act
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, i) => store.replace(aBatch({ version: 1, sends: i }))),
    );
    // Assess
    expect(results.filter((result) => result === 'written')).toHaveLength(1);
    const { sends } = (await store.get('b1')) ?? {};
    expect(results[sends ?? -1]).toBe('written');
  });

  test('does not change a record of a newer version', async () => {
    // Prepare
    await store.create(aBatch());
    await setSchemaVersion('b1', BATCH_SCHEMA_VERSION + 1);
    // Act
    const replaced = await store.replace(aBatch({ version: 1 }));
    // Assess
    expect(replaced).toBe('conflict');
    await expect(store.get('b1')).rejects.toThrow(NewerSchemaError);
  });
});
