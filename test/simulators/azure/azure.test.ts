import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AzureOpenAI } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startAzureSimulator } from '../../../simulators/azure/index.ts';
import type { Simulator } from '../../../simulators/engine/jobServer.ts';

let directory: string;
let simulator: Simulator;
let now = 1_700_000_000_000;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'azure-'));
  const options = { port: 0, dataDir: directory, plan: ['completed'], jobSeconds: 10 };
  simulator = await startAzureSimulator({ ...options, apiKeys: ['key'] }, () => now);
});
afterAll(async () => {
  await simulator.close();
  await rm(directory, { recursive: true, force: true });
});

const client = (credential: object = { apiKey: 'key' }, path = '/openai/v1', version = 'v1') =>
  new AzureOpenAI({
    baseURL: `${simulator.url}${path}`,
    apiVersion: version,
    maxRetries: 0,
    ...credential,
  });

const line = (id: string, body: object = {}, url = '/chat/completions') => ({
  custom_id: id,
  method: 'POST',
  url,
  body: { model: 'd', messages: [{ role: 'user', content: 'Hello' }], ...body },
});

/** Runs a job to its end. Returns it as the API shows it while it runs and at its end. */
async function run(lines: readonly object[], endpoint = '/chat/completions') {
  const text = lines.map((each) => `${JSON.stringify(each)}\n`).join('');
  const azure = client();
  const file = await azure.files.create({ file: new File([text], 'a.jsonl'), purpose: 'batch' });
  now += 1_000;
  const created = await azure.batches.create({
    input_file_id: file.id,
    endpoint: endpoint as '/v1/chat/completions',
    completion_window: '24h',
  });
  await simulator.finishDueWork();
  now += 6_000;
  const running = await azure.batches.retrieve(created.id);
  now += 60_000;
  await simulator.finishDueWork();
  now += 60_000;
  const ended = await azure.batches.retrieve(created.id);
  return { azure, created, running, ended };
}

describe('the Azure OpenAI simulator', () => {
  test('has capitalised statuses, empty ids and an error file of no bytes', async () => {
    const { azure, created, running, ended } = await run([line('a'), line('b')]);

    expect(created).toMatchObject({
      status: 'Validating',
      output_file_id: '',
      error_file_id: '',
      request_counts: { total: null, completed: null, failed: null },
    });
    expect(running.status).toBe('InProgress');
    expect(ended).toMatchObject({ status: 'Completed', request_counts: { completed: 2 } });
    const errors = await azure.files.content(ended.error_file_id ?? '');
    expect(await errors.text()).toBe('');
    const output = await (await azure.files.content(ended.output_file_id ?? '')).text();
    expect(output.trim().split('\n')).toHaveLength(2);
  });

  test('answers lines of either path, and tools that are asked for', async () => {
    const tools = [{ type: 'function', function: { name: 'look_up' } }];
    const lines = [line('a', { tools, tool_choice: 'required' }, '/v1/chat/completions')];

    const { azure, ended } = await run(lines);

    const output = await (await azure.files.content(ended.output_file_id ?? '')).json();
    expect(output).toMatchObject({
      response: {
        body: {
          choices: [
            {
              finish_reason: 'tool_calls',
              message: { content: null, tool_calls: [{ function: { name: 'look_up' } }] },
            },
          ],
        },
      },
    });
  });

  test.each([
    [[line('a', { messages: [{ role: 'assistant', content: null }] })], 'invalid_request'],
    [[line('a'), line('b', {}, '/v1/responses')], 'url_mismatch'],
    [[line('a'), line('b', { model: 'other' })], 'model_mismatch'],
    [[line('a'), line('a')], 'duplicate_custom_id'],
    [[], 'empty_file'],
  ])('fails %j with %s', async (lines, code) => {
    const { ended } = await run(lines);
    expect(ended).toMatchObject({ status: 'Failed', errors: { data: [{ code }] } });
  });

  test('takes responses by their lines, whatever the call names', async () => {
    const request = { custom_id: 'a', method: 'POST', url: '/v1/responses' };
    const { ended } = await run([{ ...request, body: { model: 'd', input: 'Hello' } }]);
    expect(ended.status).toBe('Completed');
  });

  test.each([
    ['a wrong key', { apiKey: 'other' }, '/openai/v1', 'v1', 401],
    ['a path outside', undefined, '/v1', 'v1', 404],
    ['no date on a dated path', undefined, '/openai', 'v1', 404],
    ['a date on the v1 path', undefined, '/openai/v1', '2024-10-21', 404],
  ])('refuses %s', async (_what, credential, path, version, status) => {
    const listing = client(credential, path, version).batches.list();
    await expect(listing).rejects.toMatchObject({ status, code: String(status) });
  });

  test.each([
    ['a token', { apiKey: '', azureADTokenProvider: async () => 'key' }, '/openai/v1', 'v1'],
    ['a dated path', undefined, '/openai', '2024-10-21'],
  ])('takes %s', async (_what, credential, path, version) => {
    const { data } = await client(credential, path, version).batches.list();
    expect(data.length).toBeGreaterThan(0);
  });

  test('refuses an expiry of less than 14 days, with the code within the error', async () => {
    const file = new File(['{}'], 'a.jsonl');
    const expires_after = { anchor: 'created_at', seconds: 3600 } as const;
    const uploading = client().files.create({ file, purpose: 'batch', expires_after });
    await expect(uploading).rejects.toMatchObject({
      status: 400,
      error: { code: 'BadRequest', innererror: { code: 'invalid_value' } },
    });
  });

  test('takes a job of a file only once it has processed it', async () => {
    const azure = client();
    const file = new File([`${JSON.stringify(line('a'))}\n`], 'a.jsonl');
    const { id, status } = await azure.files.create({ file, purpose: 'batch' });
    expect(status).toBe('pending');
    const create = () =>
      azure.batches.create({
        input_file_id: id,
        endpoint: '/v1/chat/completions',
        completion_window: '24h',
      });
    await expect(create()).rejects.toMatchObject({
      status: 400,
      error: { innererror: { code: 'unexpectedEntityState' } },
    });
    now += 1_000;
    expect(await azure.files.retrieve(id)).toMatchObject({ status: 'processed' });
    await create();
  });

  test('at a version with a date: no expiries, no metadata, and no end of a list of files', async () => {
    const get = async (path: string, init: RequestInit = {}) => {
      const headers = { 'api-key': 'key', 'content-type': 'application/json' };
      const url = `${simulator.url}/openai/${path}?api-version=2024-10-21`;
      const response = await fetch(url, { ...init, headers });
      return [response.status, await response.json()];
    };
    const { created } = await run([line('a')]);
    const [, files] = await get('files');
    expect(files).not.toHaveProperty('has_more');
    expect(await get(`batches/${created.id}`)).toMatchObject([200, { metadata: null }]);
    const body = { output_expires_after: { anchor: 'created_at', seconds: 2_592_000 } };
    expect(await get('batches', { method: 'POST', body: JSON.stringify(body) })).toMatchObject([
      400,
      { errors: { data: [{ code: 'unknown_parameter', param: 'output_expires_after' }] } },
    ]);
  });
});
