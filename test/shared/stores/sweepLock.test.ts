import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { dynamoTable } from '../../../shared/aws/table.ts';
import type { SweepLock } from '../../../shared/batch/ports.ts';
import { lastSweepAt, sweepLock } from '../../../shared/stores/sweepStores.ts';
import { type Emulators, startEmulators } from '../../support/emulators.ts';

const NOW = 1_800_000_000_000;
let emulators: Emulators;
let lock: SweepLock;
let tableName: string;

beforeAll(async () => {
  emulators = await startEmulators();
});
afterAll(() => emulators.stop());
beforeEach(async () => {
  tableName = `table-${crypto.randomUUID()}`;
  await emulators.createTable(tableName);
  lock = sweepLock(dynamoTable(emulators.table, tableName));
});

test('the end of the last sweep is stored, whatever the next one does', async () => {
  expect(await lastSweepAt(dynamoTable(emulators.table, tableName))).toBeUndefined();
  await lock.acquire('a', NOW, NOW + 1);
  await lock.release('a', {}, NOW + 5);
  await lock.acquire('killed', NOW + 10, NOW + 20);
  expect(await lastSweepAt(dynamoTable(emulators.table, tableName))).toBe(NOW + 5);
});
