import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  startTogetherSimulator,
  type TogetherOptionsInput,
} from '../../../simulators/together/index.ts';

/** Together's SDK uploads by a redirect to a signed URL; the other calls are those of the adapter. */

const load = createRequire(import.meta.url);
const JOB_SECONDS = 100;
const ENDPOINT = '/v1/chat/completions';

async function world(options: Partial<TogetherOptionsInput> = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'together-simulator-'));
  let now = Date.UTC(2026, 0, 1);
  const simulator = await startTogetherSimulator(
    { jobSeconds: JOB_SECONDS, dataDir, ...options },
    () => now,
  );
  // The SDK reads the address of uploads from the environment, when it is loaded.
  vi.stubEnv('TOGETHER_API_BASE_URL', simulator.url);
  for (const path of Object.keys(load.cache))
    if (path.includes('together-ai')) delete load.cache[path];
  // For the body of an upload, a stream, it leaves out an option that Node.js demands.
  const send = fetch;
  vi.stubGlobal('fetch', (url: string, init: object) => send(url, { duplex: 'half', ...init }));
  // As an ES module it cannot upload: it calls `require` for Node's own modules.
  const { default: Together } = load('together-ai') as typeof import('together-ai');
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
    await simulator.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const client = new Together({ apiKey: 'any', baseURL: simulator.url, maxRetries: 0 });
  const upload = async (lines: readonly object[]) => {
    const path = join(dataDir, 'input.jsonl');
    await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    return client.files.upload(path, 'batch-api', false);
  };
  const job = async (lines: readonly object[] = requests(20)) => {
    const { id } = await upload(lines);
    const created = await client.batches.create({ endpoint: ENDPOINT, input_file_id: id });
    await simulator.finishDueWork();
    return created.job?.id ?? '';
  };
  /** The job after its end. It takes two steps, because work that is due is done after each. */
  const end = async (id: string) => {
    for (let step = 0; step < 2; step++) {
      now += JOB_SECONDS * 1000;
      await simulator.finishDueWork();
    }
    return client.batches.retrieve(id);
  };
  const rows = async (fileId: string | undefined) => {
    if (!fileId) return [];
    const text = await (await client.files.content(fileId)).text();
    return text.split('\n').flatMap((line) => (line ? [JSON.parse(line)] : []));
  };
  return { client, upload, job, end, rows };
}

function requests(count: number): object[] {
  const messages = [{ role: 'user', content: 'Say a word.' }];
  return Array.from({ length: count }, (_, index) => ({
    custom_id: `request-${index}`,
    body: { model: 'm', messages },
  }));
}

test('a job from its upload to its results', async () => {
  const { client, upload, job, end, rows } = await world();
  const file = await upload(requests(1));
  expect(file).toMatchObject({ filename: 'input.jsonl', purpose: 'batch-api', FileType: 'jsonl' });
  const id = await job();

  const ended = await end(id);

  expect(ended).toMatchObject({ id, status: 'COMPLETED', progress: 100, error_file_id: '' });
  const found = await rows(ended.output_file_id);
  expect(new Set(found.map((row) => row.custom_id)).size).toBe(20);
  expect(found[0]).toMatchObject({ response: { body: { object: 'chat.completion' } } });
  expect(await client.batches.list()).toMatchObject([{ id, status: 'COMPLETED' }]);
  expect((await client.files.list()).data.map((each) => each.id)).toContain(file.id);
  expect(await client.files.delete(file.id)).toMatchObject({ deleted: true });
  await expect(client.files.retrieve(file.id)).rejects.toMatchObject({ status: 404 });
});

test.each([
  ['partial', 'COMPLETED', true],
  ['all_errors', 'COMPLETED', false],
  ['failed_quota', 'FAILED', false],
  ['failed_invalid', 'FAILED', false],
  ['expired', 'EXPIRED', true],
  ['cancelled', 'CANCELLED', true],
  ['stuck', 'IN_PROGRESS', false],
])('%s ends in %s, with answers: %s', async (outcome, status, hasAnswers) => {
  const { job, end } = await world({ plan: [outcome] });
  const ended = await end(await job());
  expect(ended.status).toBe(status);
  expect(Boolean(ended.output_file_id)).toBe(hasAnswers);
  expect(Boolean(ended.error)).toBe(status === 'FAILED');
});

test('a cancelled job ends, and one that has ended cannot be cancelled', async () => {
  const { client, job, end } = await world({ plan: ['stuck'] });
  const id = await job();
  await client.batches.cancel(id);
  expect((await end(id)).status).toBe('CANCELLED');
  await expect(client.batches.cancel(id)).rejects.toMatchObject({ status: 400 });
});

describe('refused', () => {
  test.each([
    [{ custom_id: 'x'.repeat(65), body: { model: 'm' } }],
    [{ custom_id: 'a' }],
    [{ custom_id: 'a', body: {} }],
  ])('in the job: %j', async (line) => {
    const { job, end } = await world();
    expect(await end(await job([line]))).toMatchObject({ status: 'FAILED' });
  });

  test('a file that does not exist, another window, and a field that is none', async () => {
    const { client, upload } = await world();
    const create = (body: object) =>
      client.post('/batches', { body: { endpoint: ENDPOINT, ...body } });
    await expect(create({ input_file_id: 'file-1' })).rejects.toMatchObject({ status: 404 });
    const { id } = await upload(requests(1));
    await expect(create({ input_file_id: id, completion_window: '48h' })).rejects.toMatchObject({
      status: 400,
    });
    await expect(create({ input_file_id: id, metadata: {} })).rejects.toMatchObject({
      status: 400,
    });
  });

  test('an upload for another purpose, and one without a key', async () => {
    const { client } = await world();
    const body = new FormData();
    body.append('purpose', 'batch');
    body.append('file_name', 'a.jsonl');
    body.append('file', new Blob(['{}\n']), 'a.jsonl');
    await expect(client.post('/files/upload', { body })).rejects.toMatchObject({ status: 400 });
    expect((await fetch(`${client.baseURL}/batches`)).status).toBe(401);
  });
});
