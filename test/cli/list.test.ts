import { expect, test } from 'vitest';
import { withSums } from '../../cli/commands/list.ts';
import { batchInfo } from '../../shared/client/batchInfo.ts';
import { given } from '../support/given.ts';

test('of the batches that are shown, at most 20 are read again for the sums of their parts', async () => {
  const read: string[] = [];
  const client = {
    async getBatch(batchId: string) {
      read.push(batchId);
      return { ...batchInfo(given('split', { batchId }), 'bucket'), finishedInParts: 1 };
    },
  };
  const unsummed = Array.from({ length: 25 }, (_, n) =>
    batchInfo(given('split', { batchId: `b${n}` }), 'bucket'),
  );
  const summed = { ...batchInfo(given('split', { batchId: 'has' }), 'bucket'), finishedInParts: 0 };
  const ended = batchInfo(given('completed', { batchId: 'ended' }), 'bucket');
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
