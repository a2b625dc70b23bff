import { beforeEach, expect, test } from 'vitest';
import type { SweepLock } from '../../../shared/batch/ports.ts';
import { lastSweepAt, sweepLock } from '../../../shared/stores/sweepStores.ts';
import { freshTable } from '../../support/freshTable.ts';

const NOW = 1_800_000_000_000;
let lock: SweepLock;

const fresh = freshTable();
beforeEach(() => {
  lock = sweepLock(fresh.table);
});

test('the end of the last sweep is stored, whatever the next one does', async () => {
  expect(await lastSweepAt(fresh.table)).toBeUndefined();
  await lock.acquire('a', NOW, NOW + 1);
  await lock.release('a', {}, NOW + 5);
  await lock.acquire('killed', NOW + 10, NOW + 20);
  expect(await lastSweepAt(fresh.table)).toBe(NOW + 5);
});
