import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, expect, test } from 'vitest';
import { NewerSchemaError } from '../../../shared/batch/errors.ts';
import type { ProviderState, ProviderStateStore } from '../../../shared/quota/providerState.ts';
import { batchStore } from '../../../shared/stores/batchStore.ts';
import { providerStateStore } from '../../../shared/stores/sweepStores.ts';
import { aBatch } from '../../support/batches.ts';
import { freshTable } from '../../support/freshTable.ts';

const HELD: ProviderState = {
  schemaVersion: 1,
  provider: 'openai',
  version: 1,
  hold: { kind: 'quota', reason: { code: 'c', message: 'm' }, until: 1.5, refusals: 2 },
};
let states: ProviderStateStore;

const fresh = freshTable();
beforeEach(() => {
  states = providerStateStore(fresh.table);
});

test('all entries ever used are listed, and no batch', async () => {
  // Prepare
  const names = Array.from({ length: 120 }, (_, i) => `p${String(i).padStart(3, '0')}`);
  await Promise.all(
    names.map((provider) => states.replace({ schemaVersion: 1, provider, version: 1 })),
  );
  const batches = batchStore(fresh.table, {
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
  await fresh.emulators.table.send(
    new UpdateCommand({
      TableName: fresh.tableName,
      Key: { id: 'provider#openai' },
      UpdateExpression: 'SET schemaVersion = :version',
      ExpressionAttributeValues: { ':version': 2 },
    }),
  );
  // Act and assess
  await expect(states.get('openai')).rejects.toThrow(NewerSchemaError);
  expect(await states.replace({ ...HELD, version: 2 })).toBe('conflict');
});
