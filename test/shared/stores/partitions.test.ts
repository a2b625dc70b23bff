import { beforeEach, expect, it } from 'vitest';
import { everyActive, everyDue, usualActive, usualDue } from '../../../shared/batch/partitions.ts';
import type { BatchStore } from '../../../shared/batch/ports.ts';
import { batchStore } from '../../../shared/stores/batchStore.ts';
import { allPages } from '../../../testing/batchListings.ts';
import { aBatch } from '../../support/batches.ts';
import { freshTable } from '../../support/freshTable.ts';
import { NOW } from '../../support/given.ts';

/**
 * Items as code writes them that knows one shard, which is as the version before shards wrote them, and as
 * code that knows several. During a deployment both run at once.
 */
const RETENTION = { retentionSeconds: 60, maxAgeSeconds: 60 };
const fresh = freshTable();
let one: BatchStore;
let several: BatchStore;

beforeEach(() => {
  one = batchStore(fresh.table, RETENTION);
  several = batchStore(fresh.table, { ...RETENTION, shards: 16 });
});

const running = (batchId: string, minutes: number, version = 0) =>
  aBatch({
    ...{ batchId, version, status: 'running', dueAt: NOW, deadlineAt: NOW },
    job: { id: `job-${batchId}`, submission: 1, submittedAt: minutes * 60_000 },
  });

async function activeIn(partitions: readonly number[]): Promise<string[]> {
  const found = await Promise.all(
    partitions.map((partition) =>
      allPages((cursor) => one.listActive('openai', cursor, partition)),
    ),
  );
  return found
    .flat()
    .map(({ batchId }) => batchId)
    .sort();
}

async function dueIn(partitions: readonly number[]): Promise<string[]> {
  const found = await Promise.all(
    partitions.map((partition) => allPages((cursor) => one.listDue(partition, NOW, cursor))),
  );
  return found
    .flat()
    .map(({ batchId }) => batchId)
    .sort();
}

it('finds each batch in exactly one partition, whoever has written it, and moves it with its next write', async () => {
  const olds = Array.from({ length: 8 }, (_, number) => `old-${number}`);
  const news = Array.from({ length: 8 }, (_, number) => `new-${number}`);
  for (const [number, batchId] of olds.entries()) await one.create(running(batchId, number * 5));
  for (const [number, batchId] of news.entries())
    await several.create(running(batchId, 5 + number * 5));

  const all = [...olds, ...news].sort();
  expect(await activeIn(everyActive(several))).toEqual(all);
  expect(await dueIn(everyDue(several))).toEqual(all);
  // The version before reads what it has written, and no more.
  expect(await activeIn(usualActive(one))).toEqual(olds);

  for (const [number, batchId] of olds.entries())
    expect(await several.replace(running(batchId, 5 + number * 5, 1))).toBe('written');
  expect(await activeIn(usualActive(one))).toEqual([]);
  expect(await activeIn(everyActive(one))).toEqual(all);

  for (const [number, batchId] of [...olds, ...news].entries())
    expect(await one.replace(running(batchId, number * 5, number < 8 ? 2 : 1))).toBe('written');
  expect(await activeIn(usualActive(one))).toEqual(all);
  expect(await dueIn(usualDue(one))).toEqual(all);
  expect(await activeIn(everyActive(one))).toEqual(all);
});

it('writes for one shard the keys that the version before has written', async () => {
  await one.create(running('b1', 30));
  expect(await fresh.table.get('batch#b1')).toMatchObject({
    activeProvider: 'openai',
    queue: 'open#0',
  });
  await several.replace(running('b1', 35, 1));
  expect(await fresh.table.get('batch#b1')).toMatchObject({ activeProvider: 'openai#7' });
});
