import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dynamoTable } from '../../../shared/aws/table.ts';
import type { BatchStore, IndexPage } from '../../../shared/batch/ports.ts';
import type { Batch } from '../../../shared/batch/record.ts';
import { batchStore } from '../../../shared/stores/batchStore.ts';
import { openQueue } from '../../../shared/stores/indexKeys.ts';
import { aBatch } from '../../support/batches.ts';
import { type Emulators, startEmulators } from '../../support/emulators.ts';

const NOW = 1_800_000_000_000;
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

async function all<T>(list: (cursor?: string) => Promise<IndexPage<T>>): Promise<T[][]> {
  const pages: T[][] = [];
  let cursor: string | undefined;
  do {
    const page = await list(cursor);
    pages.push([...page.items]);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return pages;
}

async function createAll(batches: readonly Batch[]): Promise<void> {
  await Promise.all(batches.map((batch) => store.create(batch)));
}

/** Ids of one shard, so that a test of paging fills one partition. */
function idsOfShard(shard: number, count: number): string[] {
  const ids: string[] = [];
  for (let i = 0; ids.length < count; i++)
    if (openQueue(`b${i}`, 4) === `open#${shard}`) ids.push(`b${i}`);
  return ids;
}

describe('what is due', () => {
  test('comes oldest first, in pages, up to the time', async () => {
    // Prepare
    const ids = idsOfShard(2, 251);
    const batches = ids.map((batchId, i) => aBatch({ batchId, dueAt: NOW + i }));
    await createAll(batches.toReversed());
    // Act
    const pages = await all((cursor) => store.listDue(2, NOW + 249, cursor));
    // Assess
    expect(pages.map((page) => page.length)).toEqual([100, 100, 50]);
    expect(pages.flat()).toEqual(
      ids.slice(0, 250).map((batchId) => ({ batchId, status: 'inspecting' })),
    );
    expect((await store.listDue(1, NOW + 249)).items).toEqual([]);
  });

  test.each([
    ['no base64', '%%%'],
    ['no JSON', Buffer.from('{').toString('base64url')],
    ['no object', Buffer.from('null').toString('base64url')],
    ['of another partition', cursor({ id: 'batch#b1', queue: 'open#3', dueAt: '0' })],
    ['without its sort key', cursor({ id: 'batch#b1', queue: 'open#0' })],
    ['of another type', cursor({ id: 1, queue: 'open#0', dueAt: '0' })],
    ['with more', cursor({ id: 'batch#b1', queue: 'open#0', dueAt: '0', more: 'x' })],
    ['past the end', cursor({ id: 'batch#b1', queue: 'open#0', dueAt: '999' })],
  ])('starts at the beginning with a cursor that is %s', async (_, text) => {
    // Prepare
    await store.create(aBatch({ dueAt: NOW }));
    // Act
    const page = await store.listDue(0, NOW, text);
    // Assess
    expect(page.items).toHaveLength(1);
  });
});

function cursor(key: object): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

describe('what waits', () => {
  test('comes in pages', async () => {
    // Prepare
    const ids = Array.from({ length: 1_030 }, (_, i) => `b${i}`);
    await createAll(
      ids.map((batchId, i) => aBatch({ batchId, status: 'queued', createdAt: NOW + i })),
    );
    // Act
    const pages = await all((next) => store.listWaiting({ provider: 'openai' }, next));
    // Assess
    expect(pages.map((page) => page.length)).toEqual([1_000, 30]);
    expect(pages.flat().map((hint) => hint.batchId)).toEqual(ids);
  });

  test('what occupies a provider comes in pages', async () => {
    // Prepare
    const ids = Array.from({ length: 1_020 }, (_, i) => `b${i}`);
    await createAll(ids.map((batchId) => aBatch({ batchId, status: 'running' })));
    // Act
    const pages = await all((next) => store.listActive('openai', next));
    // Assess
    expect(pages.map((page) => page.length)).toEqual([1_000, 20]);
    expect(new Set(pages.flat().map((hint) => hint.batchId))).toEqual(new Set(ids));
  });
});
