import { describe, expect, test } from 'vitest';
import { geminiLines, JOB_SECONDS, world } from './world.ts';

type World = Awaited<ReturnType<typeof world>>;

async function rowsOf({ call, json }: World): Promise<Record<string, unknown>[]> {
  const { body } = await json('GET', '/storage/v1/b/a/o?prefix=output/');
  const [{ name }] = body.items;
  const { text } = await call('GET', `/storage/v1/b/a/o/${encodeURIComponent(name)}?alt=media`);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('a job', () => {
  test('passes through its states and leaves rows with their requests', async () => {
    const here = await world();
    await here.put('input.jsonl', geminiLines(10));
    const { body: created } = await here.create({ labels: { batch_handler_key: 'a-key-1' } });
    expect(created).toMatchObject({
      name: expect.stringMatching(/^projects\/a-project\/.*\/batchPredictionJobs\/\d+$/),
      state: 'JOB_STATE_PENDING',
      labels: { batch_handler_key: 'a-key-1' },
    });
    await here.view(created.name);
    here.advanceSeconds(JOB_SECONDS / 2);
    expect(await here.view(created.name)).toMatchObject({
      state: 'JOB_STATE_RUNNING',
      completionStats: { successfulCount: '5', failedCount: '0', incompleteCount: '5' },
    });
    here.advanceSeconds(JOB_SECONDS);
    await here.view(created.name);
    expect(await here.view(created.name)).toMatchObject({
      state: 'JOB_STATE_SUCCEEDED',
      outputInfo: { gcsOutputDirectory: expect.stringContaining('gs://a/output/prediction-') },
    });
    const rows = await rowsOf(here);
    expect(rows).toHaveLength(10);
    for (const row of rows)
      expect(row).toMatchObject({
        status: '',
        request: { labels: { batch_handler_request: expect.stringMatching(/^r\d$/) } },
        response: { candidates: [{ finishReason: 'STOP' }] },
      });
    // Equal requests, whatever their labels.
    const answers = new Set(rows.map(({ response }) => JSON.stringify(response)));
    expect(answers.size).toBe(5);
    const [job] = (await here.journal()).jobs;
    expect(job).toMatchObject({ jobId: created.name, key: 'a-key-1', batch: 'a-key' });
    expect([...(job?.succeeded ?? [])].sort()[9]).toBe('r9');
  });

  test('continues after a restart', async () => {
    const here = await world({ plan: ['partial'] });
    await here.put('input.jsonl', geminiLines(10));
    const { body: created } = await here.create();
    await here.restart();
    await here.view(created.name);
    here.advanceSeconds(JOB_SECONDS);
    await here.restart();
    await here.view(created.name);
    here.advanceSeconds(JOB_SECONDS);
    expect(await here.view(created.name)).toMatchObject({ state: 'JOB_STATE_PARTIALLY_SUCCEEDED' });
    expect(await rowsOf(here)).toHaveLength(10);
  });

  test.each([
    ['a line without a request', '{"id":1}\n', 3],
    ['no object', undefined, 3],
  ])('fails for %s', async (_name, content, code) => {
    const here = await world();
    if (content !== undefined) await here.put('input.jsonl', content);
    const { body: created } = await here.create();
    await here.view(created.name);
    here.advanceSeconds(JOB_SECONDS);
    expect(await here.view(created.name)).toMatchObject({
      state: 'JOB_STATE_FAILED',
      error: { code },
    });
  });

  test.each([
    [{ model: 'gemini-2.5-flash' }],
    [{ labels: { Key: 'a' } }],
    [{ labels: { key: 'A' } }],
    [{ inputConfig: {} }],
  ])('is not created with %o', async (changes) => {
    const here = await world();
    expect(await here.create(changes)).toMatchObject({
      status: 400,
      body: { error: { code: 400, status: 'INVALID_ARGUMENT' } },
    });
  });
});

test('a deleted job is not found, and the plan continues', async () => {
  const here = await world({ plan: ['failed_quota', 'completed'] });
  await here.put('input.jsonl', geminiLines(1));
  const labels = (number: number) => ({ labels: { batch_handler_key: `a-key-${number}` } });
  const { body: first } = await here.create(labels(1));
  await here.view(first.name);
  here.advanceSeconds(JOB_SECONDS);
  expect(await here.view(first.name)).toMatchObject({ error: { code: 8 } });
  expect(await here.json('DELETE', `/v1/${first.name}`)).toMatchObject({ status: 200 });
  expect(await here.json('GET', `/v1/${first.name}`)).toMatchObject({ status: 404 });
  await here.restart();
  const { body: second } = await here.create(labels(2));
  expect((await here.list()).body.batchPredictionJobs).toHaveLength(1);
  const outcomes = (await here.journal()).jobs.map(({ jobId, outcome }) => [jobId, outcome]);
  expect(outcomes).toEqual([
    [first.name, 'failed_quota'],
    [second.name, 'completed'],
  ]);
});

describe('a listing', () => {
  test.each([
    ['', ['b-1', 'a-2', 'a-1']],
    ['?filter=labels.batch_handler_key:*', ['b-1', 'a-2', 'a-1']],
    ['?filter=labels.batch_handler_key="a-2"', ['a-2']],
    ['?filter=labels.other:*', []],
    ['?filter=create_time>="2023-11-14T22:13:22Z"', ['b-1']],
    ['?pageSize=1', ['b-1']],
  ])('with "%s" has %o', async (query, expected) => {
    const here = await world();
    for (const key of ['a-1', 'a-2', 'b-1']) {
      await here.create({ labels: { batch_handler_key: key } });
      here.advanceSeconds(1);
    }
    const { body } = await here.list(query);
    const jobs: { labels: Record<string, string> }[] = body.batchPredictionJobs ?? [];
    expect(jobs.map(({ labels }) => labels.batch_handler_key)).toEqual(expected);
  });

  test('a filter that the simulator does not know is refused', async () => {
    const here = await world();
    expect(await here.list('?filter=state="X"')).toMatchObject({ status: 400 });
  });
});

test('a call without a token gets an error of the API', async () => {
  const here = await world();
  const headers = { authorization: 'Bearer ya29.another' };
  const { status, text } = await here.call('GET', '/storage/v1/b/a/o', undefined, headers);
  expect([status, JSON.parse(text)]).toMatchObject([401, { error: { status: 'UNAUTHENTICATED' } }]);
});

test('a range request gets the rest of an object', async () => {
  const here = await world();
  await here.put('an-object', '0123456789');
  const path = '/storage/v1/b/a/o/an-object?alt=media';
  const part = await here.call('GET', path, undefined, { range: 'bytes=7-' });
  expect([part.status, part.text]).toEqual([206, '789']);
});
