import { expect, test } from 'vitest';
import { request, requests, world } from './world.ts';

const refusal = (status: number, type: string, message = /./) => ({
  status,
  error: {
    type: 'error',
    error: { type, message: expect.stringMatching(message) },
    request_id: expect.stringMatching(/^req_/),
  },
});

test.each([
  ['no requests', [], /requests: List should have/],
  ['a repeated id', [request('a'), request('b'), request('a')], /a is repeated/],
  ['an id of other characters', [request('a'), request('a b')], /requests\.1\.custom_id/],
  ['a long id', [request('a'.repeat(65))], /requests\.0\.custom_id/],
  ['no id', [{ params: {} }], /requests\.0\.custom_id: Field required/],
  ['no params', [{ custom_id: 'a' }], /requests\.0\.params: Field required/],
  ['no object', ['x'], /Input should be an object/],
])('a create call with %s', async (_name, list, message) => {
  const here = await world();
  const refused = refusal(400, 'invalid_request_error', message);
  await expect(here.create(list as object[])).rejects.toMatchObject(refused);
  expect((await here.simulator.journal()).jobs).toEqual([]);
});

test('an unknown key is refused', async () => {
  const here = await world({ apiKeys: ['sk-ant-right'] });
  const list = (key: string) => here.clientWith(key).messages.batches.list();
  await expect(list('sk-ant-right')).resolves.toMatchObject({ data: [] });
  const refused = refusal(401, 'authentication_error');
  await expect(list('sk-ant-wrong')).rejects.toMatchObject(refused);
});

test.each([
  ['x-api-key alone', { 'x-api-key': 'sk-ant-a', 'anthropic-version': '2023-06-01' }, 200],
  ['no version', { authorization: 'Bearer sk-ant-a' }, 400],
  ['no key', { 'anthropic-version': '2023-06-01' }, 401],
  ['a key of another kind', { 'x-api-key': 'sk-a', 'anthropic-version': '2023-06-01' }, 401],
])('a call with %s', async (_name, headers, status) => {
  const here = await world();
  const reply = await fetch(`${here.simulator.url}/v1/messages/batches`, { headers });
  expect(reply.status).toBe(status);
});

test('an unknown batch is not found', async () => {
  const here = await world();
  const refused = refusal(404, 'not_found_error');
  await expect(here.batches.retrieve('msgbatch_no')).rejects.toMatchObject(refused);
  await expect(here.batches.cancel('msgbatch_no')).rejects.toMatchObject(refused);
  await expect(here.batches.delete('msgbatch_no')).rejects.toMatchObject(refused);
});

test('a batch is deleted when it has ended, and cancelled before', async () => {
  const here = await world();
  const { id } = await here.create(requests(2));
  const refused = refusal(400, 'invalid_request_error');
  await expect(here.batches.delete(id)).rejects.toMatchObject(refused);
  await here.end(id);
  await expect(here.batches.cancel(id)).rejects.toMatchObject(refused);
  expect(await here.batches.delete(id)).toEqual({ id, type: 'message_batch_deleted' });
  await expect(here.batches.retrieve(id)).rejects.toMatchObject({ status: 404 });
  expect((await here.batches.list()).data).toEqual([]);
});

test('a full queue refuses until batches have ended', async () => {
  const here = await world({ queuedRequestLimit: 3 });
  const first = await here.create(requests(2));
  await expect(here.create(requests(2))).rejects.toMatchObject(refusal(429, 'rate_limit_error'));
  await here.end(first.id);
  await expect(here.create(requests(3))).resolves.toMatchObject({ type: 'message_batch' });
});

test('planned refusals of create use up their position in the plan', async () => {
  const here = await world({ plan: ['failed_quota', 'failed_invalid', 'completed'] });
  const key = 'bhabcdefghij012345';
  const create = (submission: number) => here.create(requests(2, `${key}-${submission}_`));
  await expect(create(1)).rejects.toMatchObject(
    refusal(429, 'rate_limit_error', /limit of 200000/),
  );
  await expect(create(2)).rejects.toMatchObject(refusal(400, 'invalid_request_error'));
  await expect(create(3)).resolves.toMatchObject({ type: 'message_batch' });
  // Another group starts at the beginning of the plan.
  await expect(here.create(requests(1))).rejects.toMatchObject({ status: 429 });
  expect((await here.simulator.journal()).jobs).toHaveLength(1);
});

test('an injected error has the type of its status', async () => {
  const here = await world();
  for (const [status, type] of [
    [403, 'permission_error'],
    [529, 'overloaded_error'],
    [503, 'api_error'],
  ] as const) {
    here.simulator.inject({ path: /./, fault: { kind: 'status', status } });
    await expect(here.batches.list()).rejects.toMatchObject(refusal(status, type));
  }
});
