import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { dynamoTable } from '../../../shared/aws/table.ts';
import { NewerSchemaError } from '../../../shared/batch/errors.ts';
import type { ProviderState, ProviderStateStore } from '../../../shared/quota/providerState.ts';
import { batchStore } from '../../../shared/stores/batchStore.ts';
import { providerStateStore } from '../../../shared/stores/sweepStores.ts';
import { aBatch } from '../../support/batches.ts';
import { type Emulators, startEmulators } from '../../support/emulators.ts';

const HELD: ProviderState = {
  schemaVersion: 1,
  provider: 'openai',
  version: 1,
  hold: { kind: 'quota', reason: { code: 'c', message: 'm' }, until: 1.5, refusals: 2 },
};
let emulators: Emulators;
let tableName: string;
let states: ProviderStateStore;

beforeAll(async () => {
  emulators = await startEmulators();
});
afterAll(() => emulators.stop());
beforeEach(async () => {
  tableName = `table-${crypto.randomUUID()}`;
  await emulators.createTable(tableName);
  states = providerStateStore(dynamoTable(emulators.table, tableName));
});

test('all entries ever used are listed, and no batch', async () => {
  // Prepare
  const names = Array.from({ length: 120 }, (_, i) => `p${String(i).padStart(3, '0')}`);
  await Promise.all(
    names.map((provider) => states.replace({ schemaVersion: 1, provider, version: 1 })),
  );
  const batches = batchStore(dynamoTable(emulators.table, tableName), {
    retentionSeconds: 1,
    maxAgeSeconds: 60,
  });
  await batches.create(aBatch({ status: 'queued' }));
  // Act
  const listed = await states.list();
  // Assess
  expect(listed).toEqual(names);
});

test('a state of a newer version is not changed', async () => {
  // Prepare
  await states.replace(HELD);
  await emulators.table.send(
    new UpdateCommand({
      TableName: tableName,
      Key: { id: 'provider#openai' },
      UpdateExpression: 'SET schemaVersion = :version',
      ExpressionAttributeValues: { ':version': 2 },
    }),
  );
  // Act and assess
  await expect(states.get('openai')).rejects.toThrow(NewerSchemaError);
  expect(await states.replace({ ...HELD, version: 2 })).toBe('conflict');
});
