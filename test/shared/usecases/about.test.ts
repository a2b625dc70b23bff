import { expect, it } from 'vitest';
import {
  batchContextOf,
  currentBatchContext,
  withBatchContext,
} from '../../../shared/usecases/logContext.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('names the batch to whatever runs within, side by side', async () => {
  const seen = await Promise.all(
    ['a', 'b'].map((batchId, attempt) =>
      withBatchContext({ batchId, attempt }, async () => {
        await turn();
        return currentBatchContext();
      }),
    ),
  );

  expect(seen).toEqual([
    { batchId: 'a', attempt: 0 },
    { batchId: 'b', attempt: 1 },
  ]);
  expect(currentBatchContext()).toBeUndefined();
});

it('names it to whoever catches an error that came out of it, as the innermost knew it', async () => {
  const failure = withBatchContext({ batchId: 'a' }, () =>
    withBatchContext({ batchId: 'a', attempt: 2 }, async () => {
      throw new Error('no');
    }),
  );

  const error = await failure.catch((caught: unknown) => caught);

  expect(batchContextOf(error)).toEqual({ batchId: 'a', attempt: 2 });
  expect(batchContextOf(new Error('another'))).toBeUndefined();
  expect(batchContextOf('text')).toBeUndefined();
});
