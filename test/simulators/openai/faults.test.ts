import { expect, test } from 'vitest';
import { chatRequests, world } from './world.ts';

const THREE = chatRequests(3);

test('the next calls of one path fail, and no others', async () => {
  const { simulator, upload, client } = await world();
  simulator.inject({
    method: 'POST',
    path: /\/files$/,
    times: 3,
    fault: { kind: 'status', status: 500 },
  });
  for (let index = 0; index < 3; index++)
    await expect(upload(THREE)).rejects.toMatchObject({ status: 500, type: 'server_error' });
  expect((await client.files.list()).data).toEqual([]);
  await upload(THREE);
  expect((await client.files.list()).data).toHaveLength(1);
});

test.each([
  [400, null],
  [401, 'invalid_api_key'],
  [429, 'rate_limit_exceeded'],
  [500, null],
])('a create call answered with %i makes no job', async (status, code) => {
  const { simulator, job, client } = await world();
  simulator.inject({ method: 'POST', path: /\/batches$/, fault: { kind: 'status', status } });
  await expect(job(THREE)).rejects.toMatchObject({ status, code });
  expect((await client.batches.list()).data).toEqual([]);
});

test('a reset call is not carried out, one with a lost reply is', async () => {
  const { simulator, upload, createFrom, client } = await world();
  const file = await upload(THREE);
  simulator.inject({ method: 'POST', path: /\/batches$/, fault: { kind: 'reset' } });
  simulator.inject({ method: 'POST', path: /\/batches$/, fault: { kind: 'lost' } });
  await expect(createFrom(file.id)).rejects.toThrow('Connection error');
  expect((await client.batches.list()).data).toHaveLength(0);
  await expect(createFrom(file.id)).rejects.toThrow('Connection error');
  expect((await client.batches.list()).data).toHaveLength(1);
});

test('a status that no client knows', async () => {
  const { simulator, job, client } = await world();
  const { id } = await job(THREE);
  simulator.inject({
    path: /\/batches\/.+/,
    fault: { kind: 'patch', fields: { status: 'weird' } },
  });
  expect((await client.batches.retrieve(id)).status).toBe('weird');
  expect((await client.batches.retrieve(id)).status).toBe('validating');
});

test('a download is cut, the next one is whole', async () => {
  const { simulator, job, end, client, rows } = await world();
  const batch = await end((await job(THREE)).id);
  simulator.inject({ path: /\/content$/, fault: { kind: 'cut', afterBytes: 100 } });
  const response = await client.files.content(batch.output_file_id ?? '');
  expect(Number(response.headers.get('content-length'))).toBeGreaterThan(100);
  await expect(response.text()).rejects.toThrow('terminated');
  expect(await rows(batch.output_file_id)).toHaveLength(3);
});

test('faults reach a simulator in another process over HTTP', async () => {
  const { simulator, client } = await world();
  const injection = { path: '/batches$', fault: { kind: 'status', status: 503 } };
  const headers = { authorization: 'Bearer sk-test' };
  const url = `${simulator.url}/simulator/faults`;
  const send = (body: unknown) =>
    fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  expect((await send(injection)).status).toBe(200);
  await expect(client.batches.list()).rejects.toMatchObject({ status: 503 });
  const wrong = await send({ ...injection, fault: { kind: 'fire' } });
  expect(await wrong.text()).toContain('kind');
});
