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

test('of many sweeps at once, one gets the lease', async () => {
  const tokens = Array.from({ length: 10 }, (_, i) => `sweep-${i}`);
  const results = await Promise.all(tokens.map((token) => lock.acquire(token, NOW, NOW + 1)));
  expect(results.filter((cursors) => cursors !== undefined)).toEqual([{}]);
});

test('a lease ends with its time', async () => {
  await lock.acquire('a', NOW, NOW + 1000);
  expect(await lock.acquire('b', NOW + 999, NOW + 2000)).toBeUndefined();
  expect(await lock.acquire('b', NOW + 1000, NOW + 2000)).toEqual({});
});

test('a released lease is free at once, and its cursors are there', async () => {
  await lock.acquire('a', NOW, NOW + 1000);
  await lock.release('a', { 'open#1': 'x' }, NOW);
  expect(await lock.acquire('b', NOW, NOW + 1000)).toEqual({ 'open#1': 'x' });
});

test('cursors outlive a sweep that was killed, and are removed by one that was complete', async () => {
  await lock.acquire('a', NOW, NOW + 1);
  await lock.release('a', { 'open#1': 'x' }, NOW);
  await lock.acquire('killed', NOW, NOW + 1);
  expect(await lock.acquire('b', NOW + 1, NOW + 2)).toEqual({ 'open#1': 'x' });
  await lock.release('b', {}, NOW);
  expect(await lock.acquire('c', NOW + 1, NOW + 2)).toEqual({});
});

test('a sweep whose lease ran out changes nothing of the next one', async () => {
  await lock.acquire('late', NOW, NOW + 1);
  await lock.acquire('next', NOW + 1, NOW + 1000);
  await lock.release('late', { 'open#1': 'x' }, NOW);
  expect(await lock.acquire('third', NOW + 2, NOW + 3)).toBeUndefined();
  await lock.release('next', {}, NOW);
  expect(await lock.acquire('third', NOW + 2, NOW + 3)).toEqual({});
});

test('the end of the last sweep is stored, whatever the next one does', async () => {
  expect(await lastSweepAt(dynamoTable(emulators.table, tableName))).toBeUndefined();
  await lock.acquire('a', NOW, NOW + 1);
  await lock.release('a', {}, NOW + 5);
  await lock.acquire('killed', NOW + 10, NOW + 20);
  expect(await lastSweepAt(dynamoTable(emulators.table, tableName))).toBe(NOW + 5);
});
