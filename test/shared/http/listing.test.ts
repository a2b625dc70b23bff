import { expect, test } from 'vitest';
import { collectPage } from '../../../shared/http/listing.ts';

/** A list of numbers that the table gives so many at a time, of which only some are shown. */
function listOf(count: number, isShown: (index: number) => boolean) {
  const asked: number[] = [];
  const query = async (place: number, wanted: number) => {
    asked.push(wanted);
    const end = Math.min(count, place + wanted);
    const all = Array.from({ length: end - place }, (_, index) => place + index);
    // A table may say that more follows where nothing does.
    return { found: all.filter(isShown), next: all.length === wanted ? end : undefined };
  };
  return { asked, query };
}

test('a page costs one query where everything is shown', async () => {
  const { asked, query } = listOf(3, () => true);
  expect(await collectPage({ limit: 2, first: 0 }, query)).toEqual({ data: [0, 1], hasMore: true });
  expect(asked).toEqual([3]);
  expect(await collectPage({ limit: 2, first: 1 }, query)).toEqual({
    ...{ data: [1, 2], hasMore: false },
  });
});

test('what is not shown is passed over in large steps, and for a bounded time', async () => {
  const { asked, query } = listOf(10_000, (index) => index === 0 || index === 9_999);
  expect(await collectPage({ limit: 1, first: 0 }, query)).toEqual({ data: [0], hasMore: true });
  expect([asked.length, asked[0], asked[1]]).toEqual([50, 2, 100]);
  await expect(collectPage({ limit: 1, first: 1 }, query)).rejects.toMatchObject({
    ...{ status: 503, code: 'list_too_long' },
  });
  expect(await collectPage({ limit: 1, first: 5_100 }, query)).toEqual({
    ...{ data: [9_999], hasMore: false },
  });
});
