import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { startGeminiSimulator } from '../../../simulators/gemini/index.ts';
import { pythonWith } from '../../support/python.ts';
import { MODEL, world } from './world.ts';

/** Google's SDK checks the shapes of the replies. */

test('a job from its upload to its results', async () => {
  const here = await world();
  const job = await here.job(20);
  expect(job).toMatchObject({
    name: expect.stringMatching(/^batches\//),
    displayName: 'a job',
    model: `models/${MODEL}`,
    state: 'JOB_STATE_PENDING',
  });

  const ended = await here.end(job.name);

  expect(ended).toMatchObject({
    state: 'JOB_STATE_SUCCEEDED',
    dest: { fileName: expect.stringMatching(/^files\//) },
  });
  const lines = (await here.content(ended.dest?.fileName)).trim().split('\n');
  const rows = lines.map((line) => JSON.parse(line));
  expect(new Set(rows.map(({ key }) => key)).size).toBe(20);
  expect(rows[0].response).toMatchObject({
    candidates: [{ content: { role: 'model' }, finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: expect.any(Number) },
  });
});

test.each([
  ['partial', 'JOB_STATE_SUCCEEDED', true],
  ['all_errors', 'JOB_STATE_SUCCEEDED', true],
  ['failed_quota', 'JOB_STATE_FAILED', false],
  ['failed_invalid', 'JOB_STATE_FAILED', false],
  ['expired', 'JOB_STATE_EXPIRED', false],
  ['cancelled', 'JOB_STATE_CANCELLED', false],
  ['stuck', 'JOB_STATE_RUNNING', false],
])('%s ends in %s, with results: %s', async (outcome, state, hasResults) => {
  const here = await world({ plan: [outcome] });
  const ended = await here.end((await here.job(20)).name);
  expect(ended.state).toBe(state);
  expect(ended.dest?.fileName !== undefined).toBe(hasResults);
});

test('in the journal no request of a job without results has succeeded', async () => {
  const here = await world({ plan: ['expired'] });
  await here.end((await here.job(4)).name);
  const { jobs } = await here.simulator.journal();
  expect(jobs).toMatchObject([{ status: 'expired', succeeded: [] }]);
  expect(jobs[0]?.sent).toHaveLength(4);
});

test('a cancelled job ends, and one that has ended cannot be cancelled', async () => {
  const here = await world({ plan: ['stuck'] });
  const { name = '' } = await here.job(4);
  await here.client.batches.cancel({ name });
  expect((await here.end(name)).state).toBe('JOB_STATE_CANCELLED');
  await expect(here.client.batches.cancel({ name })).rejects.toMatchObject({ status: 400 });
});

test('jobs and files are listed newest first, in pages, and can be deleted', async () => {
  const here = await world();
  const names: (string | undefined)[] = [];
  for (let index = 0; index < 5; index++) names.unshift((await here.job(1, `job ${index}`)).name);

  const listed: (string | undefined)[] = [];
  for await (const { name } of await here.client.batches.list({ config: { pageSize: 2 } }))
    listed.push(name);
  expect(listed).toEqual(names);

  await here.client.batches.delete({ name: names[0] ?? '' });
  await expect(here.client.batches.get({ name: names[0] ?? '' })).rejects.toMatchObject({
    status: 404,
  });
  const files = await here.client.files.list({ config: { pageSize: 10 } });
  expect(files.page).toHaveLength(5);
  await here.client.files.delete({ name: files.page[0]?.name ?? '' });
  expect((await here.client.files.list()).page).toHaveLength(4);
});

test('a file that is not there is answered as if it were another account’s', async () => {
  const here = await world();
  await expect(here.client.files.get({ name: 'files/nowhere' })).rejects.toMatchObject({
    status: 403,
    message: expect.stringContaining('or it may not exist'),
  });
});

test('files expire after two days, and their jobs go on', async () => {
  const here = await world();
  const { name } = await here.job(2);
  here.advanceSeconds(48 * 60 * 60);
  expect((await here.client.files.list()).page).toEqual([]);
  expect((await here.end(name)).state).toBe('JOB_STATE_SUCCEEDED');
});

test('a wrong key is a bad request', async () => {
  const here = await world({ apiKeys: ['another'] });
  await expect(here.client.batches.list()).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining('API_KEY_INVALID'),
  });
});

test('over the limit of tokens, the create call is refused until a job has ended', async () => {
  const here = await world({ enqueuedTokenLimit: 50 });
  const { name } = await here.job(2);
  await expect(here.job(2)).rejects.toMatchObject({ status: 429 });
  await here.end(name);
  expect((await here.job(2)).state).toBe('JOB_STATE_PENDING');
});

test('embeddings are a job of their own', async () => {
  const here = await world();
  const request = { content: { parts: [{ text: 'Hi' }] }, output_dimensionality: 8 };
  const { name: fileName = '' } = await here.upload(JSON.stringify({ key: 'a', request }));
  const model = 'gemini-embedding-001';
  const config = { displayName: 'a' };
  const job = await here.client.batches.createEmbeddings({ model, src: { fileName }, config });
  const { dest } = await here.end(job.name);
  const { key, response } = JSON.parse(await here.content(dest?.fileName));
  expect(key).toBe('a');
  expect(response.embedding.values).toHaveLength(8);
});

test('the chunks of an upload need no key, and a session must be known', async () => {
  const here = await world();
  const upload = (id: string) =>
    fetch(`${here.simulator.url}/upload/v1beta/files?upload_id=${id}&upload_protocol=resumable`, {
      method: 'POST',
      headers: { 'x-goog-upload-command': 'query' },
    });
  const started = await fetch(`${here.simulator.url}/upload/v1beta/files`, {
    method: 'POST',
    headers: {
      'x-goog-api-key': 'a-key',
      'x-goog-upload-command': 'start',
      'x-goog-upload-header-content-length': '5',
      'x-goog-upload-header-content-type': 'application/jsonl',
    },
    body: '{}',
  });
  const session = new URL(started.headers.get('x-goog-upload-url') ?? '');
  expect((await upload(session.searchParams.get('upload_id') ?? '')).status).toBe(200);
  expect((await upload('0'.repeat(32))).status).toBe(404);
});

const found = pythonWith(['google-genai==3.6.1']);
test.skipIf('missing' in found)('is driven by the SDK for Python', async () => {
  if ('missing' in found) return;
  const dataDir = await mkdtemp(join(tmpdir(), 'sdk-simulator-'));
  const simulator = await startGeminiSimulator({ dataDir, jobSeconds: 0.05 });
  onTestFinished(async () => {
    await simulator.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const script = join(import.meta.dirname, '../officialSdks/drive_gemini.py');
  const { stdout } = await promisify(execFile)(found.python, [script, simulator.url]);
  expect(JSON.parse(stdout)).toEqual({
    file: ['ACTIVE', 'input'],
    job: ['mine', 'models/gemini-2.5-flash', 'JOB_STATE_SUCCEEDED'],
    candidates: [1, 2],
    dimensions: 8,
    listed: 2,
    errors: [
      [400, 'INVALID_ARGUMENT'],
      [403, 'PERMISSION_DENIED'],
      [404, 'NOT_FOUND'],
      [400, 'FAILED_PRECONDITION'],
    ],
    deleted: true,
  });
});
