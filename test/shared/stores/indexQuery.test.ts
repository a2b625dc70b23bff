import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dynamoTable } from '../../../shared/aws/table.ts';
import type { BatchStore, IndexPage } from '../../../shared/batch/ports.ts';
import type { Batch } from '../../../shared/batch/record.ts';
import { batchStore } from '../../../shared/stores/batchStore.ts';
import { openQueue } from '../../../shared/stores/indexKeys.ts';
import { aBatch } from '../../support/batches.ts';
import { type Emulators, startEmulators } from '../../support/emulators.ts';
import { INPUT } from '../../support/given.ts';

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

  test('leaves the index once nothing is pending', async () => {
    // Prepare
    const shards = async () =>
      (await Promise.all([0, 1, 2, 3].map((shard) => store.listDue(shard, NOW)))).flatMap(
        ({ items }) => items,
      );
    await store.create(aBatch({ dueAt: NOW }));
    const before = await shards();
    // Act
    const { dueAt: _, ...settled } = aBatch({ version: 1, status: 'completed', endedAt: NOW });
    await store.replace(settled);
    // Assess
    expect(before).toEqual([{ batchId: 'b1', status: 'inspecting' }]);
    expect(await shards()).toEqual([]);
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

const JOB = { id: 'job_1', submission: 1, submittedAt: 1 };

describe('what waits', () => {
  const input = { ...INPUT, requests: 7, estimatedTokens: 70, maxOutputTokens: 9 };
  const { model: _, ...unnamed } = input;
  const expected = { inputTokens: 70, outputTokens: 9 };

  test('comes by priority, then age, with what admission needs', async () => {
    // Prepare
    const waits = (batchId: string, priority: number, createdAt: number) =>
      aBatch({ batchId, spec: { priority }, createdAt, status: 'queued', input, dueAt: NOW });
    await createAll([
      waits('old', 0, 1),
      waits('new', 0, 2),
      waits('urgent', 499, 3),
      waits('someday', -500, 0),
    ]);
    // Act
    const { items } = await store.listWaiting('openai');
    // Assess
    expect(items.map((hint) => hint.batchId)).toEqual(['urgent', 'old', 'new', 'someday']);
    expect(items[0]).toEqual({
      batchId: 'urgent',
      model: 'm',
      requests: 7,
      estimatedTokens: 70,
      expected,
      createdAt: 3,
      queuedAt: aBatch().statusAt,
      deadlineAt: aBatch().deadlineAt,
    });
    expect((await store.listWaiting('other')).items).toEqual([]);
  });

  test('comes in pages', async () => {
    // Prepare
    const ids = Array.from({ length: 1_030 }, (_, i) => `b${i}`);
    await createAll(
      ids.map((batchId, i) => aBatch({ batchId, status: 'queued', createdAt: NOW + i })),
    );
    // Act
    const pages = await all((next) => store.listWaiting('openai', next));
    // Assess
    expect(pages.map((page) => page.length)).toEqual([1_000, 30]);
    expect(pages.flat().map((hint) => hint.batchId)).toEqual(ids);
  });

  test('what occupies a provider is what may have a job there, or one whose cost is not known', async () => {
    // Prepare
    await createAll([
      aBatch({ batchId: 'a', status: 'submitting', input }),
      aBatch({ batchId: 'b', status: 'running', input: unnamed, job: JOB }),
      aBatch({ batchId: 'e', status: 'running', input: unnamed, job: { ...JOB, acceptedAt: 2 } }),
      aBatch({ batchId: 'c', status: 'collecting', input: unnamed }),
      aBatch({
        batchId: 'f',
        status: 'collecting',
        input: unnamed,
        job: { ...JOB, acceptedAt: 2 },
      }),
      aBatch({ batchId: 'd', status: 'running', provider: 'other' }),
    ]);
    // Act
    const { items } = await store.listActive('openai');
    // Assess
    const load = { requests: 7, estimatedTokens: 70, expected };
    expect(items.toSorted((x, y) => (x.batchId < y.batchId ? -1 : 1))).toEqual([
      { batchId: 'a', model: 'm', ...load, jobId: undefined, isPending: true, isOver: false },
      { batchId: 'b', model: undefined, ...load, jobId: 'job_1', isPending: true, isOver: false },
      { batchId: 'e', model: undefined, ...load, jobId: 'job_1', isPending: false, isOver: false },
      { batchId: 'f', model: undefined, ...load, jobId: 'job_1', isPending: false, isOver: true },
    ]);
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
