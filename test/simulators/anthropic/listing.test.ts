import { expect, test } from 'vitest';
import { request, world } from './world.ts';

test('pages forwards and backwards, newest first', async () => {
  const here = await world();
  const ids: string[] = [];
  for (let index = 0; index < 5; index++) ids.unshift((await here.create([request('a')])).id);
  const [first, second, third, fourth, fifth] = ids;

  const idsOf = async (query: object) => {
    const { data, has_more, first_id, last_id } = await here.batches.list(query);
    expect([first_id, last_id]).toEqual([data.at(0)?.id ?? null, data.at(-1)?.id ?? null]);
    return [...data.map(({ id }) => id), has_more];
  };

  expect(await idsOf({})).toEqual([...ids, false]);
  expect(await idsOf({ limit: 2 })).toEqual([first, second, true]);
  expect(await idsOf({ limit: 2, after_id: second })).toEqual([third, fourth, true]);
  expect(await idsOf({ limit: 2, after_id: fourth })).toEqual([fifth, false]);
  expect(await idsOf({ limit: 2, before_id: fourth })).toEqual([second, third, true]);
  expect(await idsOf({ after_id: fifth })).toEqual([false]);
});

test.each([{ limit: 0 }, { limit: 1001 }, { after_id: 'msgbatch_no' }])(
  'refuses %j',
  async (query) => {
    const here = await world();
    await expect(here.batches.list(query)).rejects.toMatchObject({ status: 400 });
  },
);
