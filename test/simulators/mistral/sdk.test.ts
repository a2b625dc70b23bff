import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mistral } from '@mistralai/mistralai';
import type { ApiEndpoint } from '@mistralai/mistralai/models/components';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type MistralOptionsInput,
  startMistralSimulator,
} from '../../../simulators/mistral/index.ts';

/** Mistral's SDK checks the shapes of the replies. */

const JOB_SECONDS = 100;
const ENDPOINT = '/v1/chat/completions';

async function world(options: Partial<MistralOptionsInput> = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'mistral-simulator-'));
  let now = Date.UTC(2026, 0, 1);
  const simulator = await startMistralSimulator(
    { jobSeconds: JOB_SECONDS, dataDir, ...options },
    () => now,
  );
  onTestFinished(async () => {
    await simulator.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const client = new Mistral({ apiKey: 'any', serverURL: simulator.url.replace('/v1', '') });
  const upload = (lines: readonly object[]) =>
    client.files.upload({
      purpose: 'batch',
      file: {
        fileName: 'input.jsonl',
        content: Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join('')),
      },
    });
  const job = async (lines: readonly object[] = requests(20)) => {
    const { id } = await upload(lines);
    const created = await client.batch.jobs.create({
      inputFiles: [id],
      endpoint: ENDPOINT,
      model: 'mistral-small-latest',
      metadata: { batch_id: 'one' },
    });
    await simulator.finishDueWork();
    return created;
  };
  /** The job after its end. It takes two steps, because work that is due is done after each. */
  const end = async (jobId: string) => {
    for (let step = 0; step < 2; step++) {
      now += JOB_SECONDS * 1000;
      await simulator.finishDueWork();
    }
    return client.batch.jobs.get({ jobId });
  };
  const rows = async (fileId: string | null | undefined) => {
    if (!fileId) return [];
    const text = await new Response(await client.files.download({ fileId })).text();
    return text.split('\n').flatMap((line) => (line ? [JSON.parse(line)] : []));
  };
  return { simulator, client, upload, job, end, rows };
}

function requests(count: number, body: object = {}): object[] {
  const messages = [{ role: 'user', content: 'Say a word.' }];
  return Array.from({ length: count }, (_, index) => ({
    custom_id: `request-${index}`,
    body: { max_tokens: 9, messages, ...body },
  }));
}

test('a job from its upload to its results', async () => {
  const { client, job, end, rows } = await world();
  const created = await job();
  expect(created).toMatchObject({
    status: 'QUEUED',
    totalRequests: 20,
    metadata: { batch_id: 'one' },
  });

  const ended = await end(created.id);

  expect(ended).toMatchObject({ status: 'SUCCESS', succeededRequests: 20, errorFile: null });
  const found = await rows(ended.outputFile);
  expect(new Set(found.map((row) => row.custom_id)).size).toBe(20);
  expect(found[0]).toMatchObject({
    response: { status_code: 200, body: { object: 'chat.completion', usage: {} } },
  });
  expect(await client.batch.jobs.list({ pageSize: 1 })).toMatchObject({
    total: 1,
    data: [{ id: created.id }],
  });
  const files = await client.files.list({ purpose: 'batch' });
  expect(files.data.map(({ sampleType }) => sampleType)).toEqual(['batch_result', 'batch_request']);
  const [fileId = ''] = created.inputFiles;
  expect((await client.files.retrieve({ fileId })).filename).toBe('input.jsonl');
  expect(await client.files.delete({ fileId })).toMatchObject({ deleted: true });
  await expect(client.files.retrieve({ fileId })).rejects.toMatchObject({ statusCode: 404 });
});

test.each([
  ['partial', 'SUCCESS', true],
  ['all_errors', 'SUCCESS', false],
  ['failed_quota', 'FAILED', false],
  ['failed_invalid', 'FAILED', false],
  ['expired', 'TIMEOUT_EXCEEDED', true],
  ['cancelled', 'CANCELLED', true],
  ['stuck', 'RUNNING', false],
])('%s ends in %s, with answers: %s', async (outcome, status, hasAnswers) => {
  const { job, end } = await world({ plan: [outcome] });
  const ended = await end((await job()).id);
  expect(ended.status).toBe(status);
  expect(Boolean(ended.outputFile)).toBe(hasAnswers);
  expect(ended.errors.length > 0).toBe(status === 'FAILED');
});

test('a cancelled job ends, and one that has ended cannot be cancelled', async () => {
  const { client, job, end } = await world({ plan: ['stuck'] });
  const { id: jobId } = await job();
  expect((await client.batch.jobs.cancel({ jobId })).status).toBe('CANCELLATION_REQUESTED');
  expect((await end(jobId)).status).toBe('CANCELLED');
  await expect(client.batch.jobs.cancel({ jobId })).rejects.toMatchObject({ statusCode: 400 });
});

describe('refused', () => {
  test('a body with a field that Mistral does not know, in its row', async () => {
    const { job, end, rows } = await world();
    const ended = await end((await job(requests(1, { seed: 7 }))).id);
    expect(await rows(ended.errorFile)).toMatchObject([
      { response: { status_code: 422, body: { detail: [{ loc: ['body', 'seed'] }] } } },
    ]);
  });

  test('too many pending requests', async () => {
    const { job } = await world({ pendingRequestLimit: 39 });
    await job();
    await expect(job()).rejects.toMatchObject({ statusCode: 400 });
  });

  test('an id that is no UUID, a file that does not exist, and an endpoint that is none', async () => {
    const { client, upload } = await world();
    const create = (fileId: string, endpoint: ApiEndpoint = ENDPOINT) =>
      client.batch.jobs.create({ inputFiles: [fileId], endpoint, model: 'm' });
    await expect(create('file-1')).rejects.toMatchObject({ statusCode: 422 });
    await expect(create(crypto.randomUUID())).rejects.toMatchObject({ statusCode: 404 });
    const { id } = await upload(requests(1));
    // The SDK has an open list of endpoints.
    await expect(create(id, '/v1/nothing' as ApiEndpoint)).rejects.toMatchObject({
      statusCode: 422,
    });
  });

  test('a file that is no JSONL', async () => {
    const { client } = await world();
    const file = { fileName: 'a.jsonl', content: Buffer.from('no JSON\n') };
    await expect(client.files.upload({ purpose: 'batch', file })).rejects.toMatchObject({
      statusCode: 422,
    });
  });
});

test('announces itself and ends with its parent', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'mistral-simulator-'));
  const main = join(import.meta.dirname, '../../../simulators/mistral/main.ts');
  const child = fork(main, [JSON.stringify({ dataDir })], { silent: true });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await rm(dataDir, { recursive: true, force: true });
  });
  const [{ url }] = await once(child, 'message');
  expect(await (await fetch(`${url}/batch/jobs`)).json()).toEqual({ detail: 'Unauthorized' });
  const exit = once(child, 'exit');
  child.disconnect();
  expect(await exit).toEqual([0, null]);
});
