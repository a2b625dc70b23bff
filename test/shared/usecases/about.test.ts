import { expect, it } from 'vitest';
import { about, currentSubject, subjectOf } from '../../../shared/usecases/logContext.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('names the batch to whatever runs within, side by side', async () => {
  const seen = await Promise.all(
    ['a', 'b'].map((batchId, attempt) =>
      about({ batchId, attempt }, async () => {
        await turn();
        return currentSubject();
      }),
    ),
  );

  expect(seen).toEqual([
    { batchId: 'a', attempt: 0 },
    { batchId: 'b', attempt: 1 },
  ]);
  expect(currentSubject()).toBeUndefined();
});

it('names it to whoever catches an error that came out of it, as the innermost knew it', async () => {
  const failure = about({ batchId: 'a' }, () =>
    about({ batchId: 'a', attempt: 2 }, async () => {
      throw new Error('no');
    }),
  );

  const error = await failure.catch((caught: unknown) => caught);

  expect(subjectOf(error)).toEqual({ batchId: 'a', attempt: 2 });
  expect(subjectOf(new Error('another'))).toBeUndefined();
  expect(subjectOf('text')).toBeUndefined();
});
