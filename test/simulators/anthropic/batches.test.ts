import { expect, test } from 'vitest';
import { request, requests, START, world } from './world.ts';

const TEN = requests(10);
const NONE = { processing: 0, succeeded: 0, errored: 0, canceled: 0, expired: 0 };

test('the counts of a batch stay 0 until it has ended', async () => {
  const here = await world();
  const created = await here.create(TEN);
  const running = {
    id: created.id,
    type: 'message_batch',
    processing_status: 'in_progress',
    request_counts: { ...NONE, processing: 10 },
    created_at: new Date(START).toISOString(),
    expires_at: new Date(START + 24 * 60 * 60 * 1000).toISOString(),
    ended_at: null,
    archived_at: null,
    cancel_initiated_at: null,
    results_url: null,
  };
  expect(created.id).toMatch(/^msgbatch_/);
  expect(created).toMatchObject(running);
  expect(await here.after(created.id, 0.8)).toMatchObject(running);

  const ended = await here.end(created.id);

  expect(ended).toMatchObject({
    processing_status: 'ended',
    request_counts: { ...NONE, succeeded: 10 },
    ended_at: expect.any(String),
    results_url: `${here.simulator.url}/v1/messages/batches/${created.id}/results`,
  });
  const rows = await here.results(created.id);
  expect(rows.map((row) => row.custom_id).sort()).toEqual(TEN.map((one) => one.custom_id).sort());
});

test.each([
  ['partial', { succeeded: 9, errored: 1 }, ['errored', 'succeeded']],
  ['all_errors', { errored: 10 }, ['errored']],
  ['expired', { succeeded: 5, expired: 5 }, ['expired', 'succeeded']],
  ['cancelled', { succeeded: 5, canceled: 5 }, ['canceled', 'succeeded']],
])('%s', async (outcome, counts, types) => {
  const here = await world({ plan: [outcome] });
  const { id } = await here.create(TEN);
  const ended = await here.end(id);
  expect(ended.request_counts).toEqual({ ...NONE, ...counts });
  const found = (await here.results(id)).map(({ result }) => result.type);
  expect([...new Set(found)].sort()).toEqual(types);
  expect(ended.cancel_initiated_at === null).toBe(outcome !== 'cancelled');
});

test('a stuck batch ends when it is cancelled', async () => {
  const here = await world({ plan: ['stuck'] });
  const { id } = await here.create(TEN);
  expect((await here.end(id)).processing_status).toBe('in_progress');
  expect((await here.batches.cancel(id)).processing_status).toBe('canceling');
  expect((await here.end(id)).request_counts.canceled).toBe(5);
});

test('a batch that is cancelled at once has run nothing', async () => {
  const here = await world();
  const { id } = await here.create(TEN);
  await here.batches.cancel(id);
  expect((await here.end(id)).request_counts).toEqual({ ...NONE, canceled: 10 });
});

test('equal requests get equal answers, in other batches too', async () => {
  const here = await world();
  const texts = [];
  for (let batch = 0; batch < 2; batch++) {
    const { id } = await here.create([request('a')]);
    await here.end(id);
    const [row] = await here.results(id);
    texts.push(row?.result.type === 'succeeded' ? row.result.message : undefined);
  }
  expect(texts[0]?.content).toMatchObject([
    { type: 'text', text: expect.stringMatching(/#### \d/) },
  ]);
  expect(texts[1]).toEqual(texts[0]);
});

test('answers with a tool call or by a schema where the request forces it', async () => {
  const here = await world();
  const schema = {
    type: 'object',
    properties: { n: { type: 'integer' }, on: { type: 'boolean' } },
    additionalProperties: false,
  };
  const tools = [{ name: 'f', input_schema: schema }];
  const { id } = await here.create([
    request('a', { tools, tool_choice: { type: 'any' } }),
    request('b', { output_config: { format: { type: 'json_schema', schema } } }),
    request('c', { tools }),
  ]);
  await here.end(id);
  const rows = await here.results(id);
  const answer = (customId: string) => {
    const result = rows.find((row) => row.custom_id === customId)?.result;
    return result?.type === 'succeeded' ? result.message : undefined;
  };
  const value = { n: expect.any(Number), on: expect.any(Boolean) };
  expect(answer('a')).toMatchObject({
    stop_reason: 'tool_use',
    content: [{ type: 'tool_use', name: 'f', input: value }],
  });
  const [block] = answer('b')?.content ?? [];
  expect(JSON.parse(block?.type === 'text' ? block.text : '')).toEqual(value);
  expect(answer('c')).toMatchObject({ stop_reason: 'end_turn' });
});

test('a restart continues with batches, results and plan', async () => {
  const here = await world({ plan: ['expired', 'failed_quota', 'completed'] });
  const first = await here.create(TEN);
  await here.restart();
  expect((await here.end(first.id)).request_counts.expired).toBe(5);
  const rows = await here.results(first.id);
  await expect(here.create(TEN)).rejects.toMatchObject({ status: 429 });
  await here.restart();
  expect(await here.results(first.id)).toEqual(rows);
  const second = await here.create(TEN);
  expect((await here.end(second.id)).request_counts.succeeded).toBe(10);
  const { jobs } = await here.simulator.journal();
  expect(jobs.map(({ outcome }) => outcome)).toEqual(['expired', 'completed']);
});

test('the journal has the keys, the groups and the ids without keys', async () => {
  const here = await world();
  const key = 'bhabcdefghij012345-3';
  const { id } = await here.create(requests(2, `${key}_`));
  await here.end(id);
  expect((await here.simulator.journal()).jobs).toMatchObject([
    { jobId: id, key, batch: 'bhabcdefghij012345', sent: ['1', '2'], status: 'completed' },
  ]);
});

test('a lost reply leaves a batch behind', async () => {
  const here = await world({ plan: ['lost_reply'] });
  await expect(here.create(TEN)).rejects.toThrow('Connection error');
  const [batch] = (await here.batches.list()).data;
  expect((await here.end(batch?.id ?? '')).request_counts.succeeded).toBe(10);
});
