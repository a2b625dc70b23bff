import { toFile } from 'openai';
import { expect, test } from 'vitest';
import { chatRequests, world } from './world.ts';

const DAY_SECONDS = 86_400;

test('a file comes back as it was sent, until it is deleted', async () => {
  const { client, simulator } = await world();
  const text = JSON.stringify(chatRequests(3));
  const file = await client.files.create({
    file: await toFile(Buffer.from(text), 'größe.jsonl'),
    purpose: 'batch',
  });
  expect(file).toMatchObject({ filename: 'größe.jsonl', bytes: Buffer.byteLength(text) });
  expect(await client.files.retrieve(file.id)).toEqual(file);
  expect(await (await client.files.content(file.id)).text()).toBe(text);
  expect(await client.files.delete(file.id)).toEqual({
    id: file.id,
    object: 'file',
    deleted: true,
  });
  await expect(client.files.retrieve(file.id)).rejects.toMatchObject({ status: 404 });
  const { events } = await simulator.journal();
  expect(events.map(({ event }) => event)).toEqual(['uploaded', 'deleted']);
});

test('files expire: inputs when asked for, outputs after 30 days or when asked for', async () => {
  const { client, job, end, advanceSeconds, upload, after } = await world();
  const input = await client.files.create({
    file: await toFile(Buffer.from('{}\n'), 'input.jsonl'),
    purpose: 'batch',
    expires_after: { anchor: 'created_at', seconds: DAY_SECONDS },
  });
  const usual = await end((await job(chatRequests(1))).id);
  const file = await upload(chatRequests(1));
  const created = await client.batches.create({
    input_file_id: file.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
    output_expires_after: { anchor: 'created_at', seconds: DAY_SECONDS },
  });
  await after(created.id, 0);
  const short = await end(created.id);
  const has = (id: string | undefined) =>
    client.files.retrieve(id ?? '').then(
      () => true,
      () => false,
    );
  expect(input.expires_at).toBe(input.created_at + DAY_SECONDS);
  advanceSeconds(DAY_SECONDS + 1);
  expect(await has(input.id)).toBe(false);
  expect(await has(short.output_file_id)).toBe(false);
  expect(await has(usual.output_file_id)).toBe(true);
  advanceSeconds(30 * DAY_SECONDS);
  expect(await has(usual.output_file_id)).toBe(false);
});

test('a job runs on when its input file is deleted', async () => {
  const { client, job, end, rows } = await world();
  const batch = await job(chatRequests(2));
  await client.files.delete(batch.input_file_id);
  expect(await rows((await end(batch.id)).output_file_id)).toHaveLength(2);
});

test('any base path leads to the API', async () => {
  const { simulator } = await world();
  const url = `http://127.0.0.1:${simulator.port}/proxy/openai/v1/files`;
  const response = await fetch(url, { headers: { authorization: 'Bearer sk-test' } });
  expect(await response.json()).toMatchObject({ object: 'list', data: [] });
});
