import { expect, test } from 'vitest';
import { chatRequests, world } from './world.ts';

test('batches are listed newest first, in pages, under one cursor', async () => {
  const { client, upload, createFrom } = await world();
  const file = await upload(chatRequests(1));
  const created: string[] = [];
  for (let index = 0; index < 5; index++) created.push((await createFrom(file.id)).id);

  const page = await client.batches.list({ limit: 2 });
  const all: string[] = [];
  for await (const batch of client.batches.list({ limit: 2 })) all.push(batch.id);

  expect(all).toEqual(created.toReversed());
  expect(page).toMatchObject({ has_more: true });
  expect(await client.batches.list({ limit: 5 })).toMatchObject({ has_more: false });
  expect(page.data.map(({ id }) => id)).toEqual([created[4], created[3]]);
});

test.each([{ limit: 0 }, { limit: 101 }, { after: 'batch_unknown' }])(
  'a listing with %o is refused',
  async (query) => {
    const { client } = await world();
    await expect(client.batches.list(query)).rejects.toMatchObject({
      status: 400,
      code: 'invalid_value',
      param: Object.keys(query)[0],
    });
  },
);

test('files are listed by purpose and order', async () => {
  const { client, upload, job, end } = await world();
  const first = await upload(chatRequests(1), 'first.jsonl');
  const batch = await end((await job(chatRequests(2))).id);
  const inputs = await client.files.list({ purpose: 'batch', order: 'asc' });
  const outputs = await client.files.list({ purpose: 'batch_output' });
  expect(inputs.data.map(({ id }) => id)).toEqual([first.id, batch.input_file_id]);
  expect(outputs.data.map(({ id }) => id)).toEqual([batch.output_file_id]);
});
