import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createXai } from '@ai-sdk/xai';
import OpenAI, { toFile } from 'openai';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startXaiSimulator, type XaiOptionsInput } from '../../../simulators/xai/index.ts';

/**
 * xAI has no SDK for REST in Node.js. Its provider in Vercel's AI SDK checks the shapes of batches and
 * results here, and OpenAI's client, which xAI's documentation uses for files, those of files.
 */

const JOB_SECONDS = 100;
const API_KEY = 'xai-any';

async function world(options: Partial<XaiOptionsInput> = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'xai-simulator-'));
  // The judge compares the time after which a batch expires with its own clock.
  let now = Date.now();
  const simulator = await startXaiSimulator(
    { jobSeconds: JOB_SECONDS, dataDir, ...options },
    () => now,
  );
  onTestFinished(async () => {
    await simulator.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const judge = createXai({ apiKey: API_KEY, baseURL: simulator.url }).experimental_batch();
  const batch = {
    async results(batchId: string) {
      const results = [];
      for await (const result of await judge.doGetBatchResults({ batchId })) results.push(result);
      return results;
    },
    // The two are optional, since other providers do not have them.
    cancel: async (batchId: string) => judge.doCancelBatch?.({ batchId }),
    list: async (limit: number) => judge.doListBatches?.({ limit }),
  };
  const start = async (count = 20) => {
    const requests = Array.from({ length: count }, (_, index) => ({
      type: 'text' as const,
      id: `request-${index}`,
      modelId: 'grok-4.3',
      options: {
        prompt: [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'A word.' }] }],
      },
    }));
    const started = await judge.doStartBatch({
      requests,
      providerOptions: { xai: { inputFileExpiresAfter: 3600 } },
    });
    await simulator.finishDueWork();
    return started;
  };
  /** The status of a batch after its end, which takes two steps. */
  const end = async (batchId: string) => {
    for (let step = 0; step < 2; step++) {
      now += JOB_SECONDS * 1000;
      await simulator.finishDueWork();
    }
    return judge.doGetBatchStatus({ batchId });
  };
  const call = (path: string, init: RequestInit = {}) =>
    fetch(simulator.url + path, { ...init, headers: { authorization: `Bearer ${API_KEY}` } });
  return { simulator, batch, start, end, call };
}

test('a batch from its upload to its results', async () => {
  const { batch, start, end } = await world();
  const { batchId, status } = await start();
  expect(status).toBe('pending');

  expect(await end(batchId)).toMatchObject({
    status: 'completed',
    requestCounts: { total: 20, completed: 20, pending: 0 },
  });

  const results = await batch.results(batchId);
  expect(new Set(results.map(({ id }) => id)).size).toBe(20);
  expect(results[0]).toMatchObject({
    status: 'succeeded',
    result: { content: [{ type: 'text' }] },
  });
  expect(await batch.list(1)).toMatchObject({
    batches: [{ batchId, status: 'completed' }],
  });
});

test.each([
  ['partial', 'completed', 'failed'],
  ['all_errors', 'completed', 'failed'],
  ['failed_quota', 'failed', undefined],
  ['failed_invalid', 'failed', undefined],
  ['cancelled', 'failed', 'cancelled'],
  ['expired', 'failed', 'cancelled'],
])('%s ends as %s, with requests that are %s', async (outcome, status, result) => {
  const { batch, start, end } = await world({ plan: [outcome] });
  const { batchId } = await start();
  expect((await end(batchId)).status).toBe(status);
  const results = await batch.results(batchId);
  expect(results.some((each) => each.status === result)).toBe(result !== undefined);
});

test('a cancelled batch ends, and one that has ended cannot be cancelled', async () => {
  const { batch, start, end } = await world({ plan: ['stuck'] });
  const { batchId } = await start();
  await batch.cancel(batchId);
  expect(await end(batchId)).toMatchObject({
    status: 'failed',
    error: { code: 'batch_cancelled' },
  });
  await expect(batch.cancel(batchId)).rejects.toMatchObject({ statusCode: 400 });
});

test('the list has pages', async () => {
  const { start, call } = await world();
  for (let each = 0; each < 3; each++) await start(1);
  const page = async (query: string) =>
    (await (await call(`/batches?limit=2${query}`)).json()) as {
      batches: object[];
      pagination_token: string | null;
    };
  const first = await page('');
  expect(first.batches).toHaveLength(2);
  const rest = await page(`&pagination_token=${first.pagination_token}`);
  expect(rest).toMatchObject({ batches: [{}], pagination_token: null });
  expect((await call('/batches?pagination_token=nonsense')).status).toBe(400);
});

test('a file is listed and deleted', async () => {
  const { simulator } = await world();
  const client = new OpenAI({ apiKey: API_KEY, baseURL: simulator.url, maxRetries: 0 });
  const form = { purpose: 'batch' as const, file: await toFile(Buffer.from('{}\n'), 'a.jsonl') };
  const { id } = await client.files.create(form);
  expect((await client.files.list()).data).toMatchObject([{ id, filename: 'a.jsonl', bytes: 3 }]);
  expect(await client.files.delete(id)).toMatchObject({ id, deleted: true });
  await expect(client.files.retrieve(id)).rejects.toMatchObject({ status: 404 });
});

describe('refused', () => {
  test.each([
    [{}, 'missing field `name`'],
    [{ name: 'a' }, 'missing field `input_file_id`'],
    [{ name: 'a', input_file_id: 'b', metadata: {} }, 'unknown field `metadata`'],
    [{ name: 'a', input_file_id: 'file_nowhere' }, 'File file_nowhere not found'],
  ])('a create call with %j', async (body, error) => {
    const { call } = await world();
    const response = await call('/batches', { method: 'POST', body: JSON.stringify(body) });
    expect(response.ok).toBe(false);
    expect(await response.json()).toMatchObject({ error });
  });

  test('an upload whose expiry follows the file', async () => {
    const { call } = await world();
    const body = new FormData();
    body.append('file', new Blob(['{}\n']), 'a.jsonl');
    body.append('expires_after', '3600');
    expect((await call('/files', { method: 'POST', body })).status).toBe(400);
  });

  test('a wrong key with 400, and none with 401', async () => {
    const { simulator } = await world();
    const status = async (headers: Record<string, string>) =>
      (await fetch(`${simulator.url}/batches`, { headers })).status;
    expect(await status({ authorization: 'Bearer sk-other' })).toBe(400);
    expect(await status({})).toBe(401);
  });
});
