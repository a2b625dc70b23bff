import { describe, expect, test } from 'vitest';
import { firstOf, withSums } from '../../cli/commands/list.ts';
import { batchInfo } from '../../shared/client/batchInfo.ts';
import type { BatchHandlerClient } from '../../shared/client/index.ts';
import { given, OBJECTS } from '../support/given.ts';

test('of the batches that are shown, at most 20 are read again for the sums of their parts', async () => {
  const read: string[] = [];
  const client = {
    async getBatch(batchId: string) {
      read.push(batchId);
      return { ...batchInfo(given('split', { batchId }), OBJECTS), finishedInParts: 1 };
    },
  };
  const unsummed = Array.from({ length: 25 }, (_, n) =>
    batchInfo(given('split', { batchId: `b${n}` }), OBJECTS),
  );
  const summed = { ...batchInfo(given('split', { batchId: 'has' }), OBJECTS), finishedInParts: 0 };
  const ended = batchInfo(given('completed', { batchId: 'ended' }), OBJECTS);
  const result = await withSums(client, [ended, summed, ...unsummed]);
  expect(read).toEqual(unsummed.slice(0, 20).map(({ batchId }) => batchId));
  expect(result.unsummed).toBe(5);
  expect(result.batches.map(({ finishedInParts }) => finishedInParts)).toEqual([
    undefined,
    0,
    ...Array.from({ length: 20 }, () => 1),
    ...Array.from({ length: 5 }, () => undefined),
  ]);
});

describe('the hint to see more', () => {
  /** A table with these batches, whose pages may be followed by an empty one. */
  const clientOf = (ids: readonly string[]) => ({
    async listPage({ limit = 0, cursor = '0' }: { limit?: number; cursor?: string }) {
      const start = Number(cursor);
      const batches = ids
        .slice(start, start + limit)
        .map((batchId) => batchInfo(given('queued', { batchId }), OBJECTS));
      const isPast = start >= ids.length;
      return isPast ? { batches } : { batches, cursor: String(start + limit) };
    },
  });

  test.each([
    [2, 3, false],
    [3, 3, false],
    [4, 3, true],
  ])('of %i batches with a limit of %i: %s', async (count, limit, expected) => {
    const ids = Array.from({ length: count }, (_, n) => `b${n}`);
    const { batches, hasMore } = await firstOf(clientOf(ids), {}, limit);
    expect(batches.map(({ batchId }) => batchId)).toEqual(ids.slice(0, limit));
    expect(hasMore).toBe(expected);
  });

  test('is found by pages that are not over the largest one', async () => {
    const asked: unknown[] = [];
    const listPage: BatchHandlerClient['listPage'] = async ({ limit } = {}) => {
      asked.push(limit);
      return { batches: [] };
    };
    await firstOf({ listPage }, {}, 10_000);
    expect(asked).toEqual([10_000]);
  });
});
