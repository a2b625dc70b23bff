import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import OpenAI, { APIError, AzureOpenAI } from 'openai';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startAzureSimulator } from '../../../simulators/azure/index.ts';
import { startOpenAiSimulator } from '../../../simulators/openai/index.ts';
import { pythonWith } from '../../support/python.ts';

/** OpenAI's own SDKs, in both languages, use the simulators as their users would. */

const CHAT = '/v1/chat/completions';
const DATED = '2024-10-21';

interface Service {
  readonly name: 'openai' | 'azure-v1' | 'azure-dated';
  readonly lineUrl: string;
  readonly endpoint: string;
  readonly keepSeconds: number;
}
const MONTH = 2_592_000;
const AZURE = { lineUrl: '/chat/completions', endpoint: '/chat/completions', keepSeconds: MONTH };
const SERVICES: Service[] = [
  { name: 'openai', lineUrl: CHAT, endpoint: CHAT, keepSeconds: 3_600 },
  { name: 'azure-v1', ...AZURE },
  { name: 'azure-dated', ...AZURE },
];

/** @returns the base URL of the SDK that it is for */
async function start({ name }: Service): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sdk-simulator-'));
  const options = { dataDir, jobSeconds: 0.05, plan: ['completed', 'stuck'] };
  const simulator = await (name === 'openai' ? startOpenAiSimulator : startAzureSimulator)(options);
  onTestFinished(async () => {
    await simulator.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  return name === 'azure-v1' ? `${simulator.url}/openai/v1` : simulator.url;
}

const SEEN = {
  file: ['file', 'batch', 'input.jsonl', true],
  completed: ['batch', 'completed', 5],
  customIds: ['r0', 'r1', 'r2', 'r3', 'r4'],
  statusCodes: [200],
  batches: true,
  cancelling: true,
  cancelled: 'cancelled',
  files: true,
  deleted: true,
  errors: [
    ['NotFoundError', 404],
    ['NotFoundError', 404],
    ['ConflictError', 409],
  ],
};

describe.each(SERVICES)('$name', (service) => {
  test('is driven by the SDK for Node.js', async () => {
    expect(await drive(await start(service), service)).toEqual(SEEN);
  });

  const found = pythonWith(['openai==3.57.0']);
  test.skipIf('missing' in found)('is driven by the SDK for Python', async () => {
    if ('missing' in found) return;
    const { name, lineUrl, endpoint, keepSeconds } = service;
    const script = join(import.meta.dirname, '../officialSdks/drive_openai.py');
    const parameters = [name, await start(service), lineUrl, endpoint, String(keepSeconds)];
    const { stdout } = await promisify(execFile)(found.python, [script, ...parameters]);
    expect(JSON.parse(stdout)).toEqual(SEEN);
  });
});

const ENDED = ['completed', 'failed', 'expired', 'cancelled'];

/** The same as officialSdks/drive_openai.py. */
async function drive(baseURL: string, { name, lineUrl, endpoint, keepSeconds }: Service) {
  const isDated = name === 'azure-dated';
  const client = isDated
    ? new AzureOpenAI({ apiKey: 'sk-test', endpoint: baseURL, apiVersion: DATED })
    : new OpenAI({ apiKey: 'sk-test', baseURL });
  const expiry = { anchor: 'created_at' as const, seconds: keepSeconds };

  const uploaded = async () => {
    const line = (custom_id: string) => ({
      ...{ custom_id, method: 'POST', url: lineUrl },
      body: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] },
    });
    const lines = [0, 1, 2, 3, 4].map((number) => `${JSON.stringify(line(`r${number}`))}\n`);
    const { id } = await client.files.create({
      file: new File(lines, 'input.jsonl'),
      purpose: 'batch',
      ...(isDated ? {} : { expires_after: expiry }),
    });
    await expect.poll(() => client.files.retrieve(id)).toMatchObject({ status: 'processed' });
    return client.files.retrieve(id);
  };
  const created = async (fileId: string) =>
    client.batches.create({
      input_file_id: fileId,
      endpoint: endpoint as '/v1/chat/completions',
      completion_window: '24h',
      metadata: { batch_handler_key: 'k' },
      ...(isDated ? {} : { output_expires_after: expiry }),
    });
  const ended = async (batchId: string) => {
    await expect
      .poll(async () =>
        ENDED.includes((await client.batches.retrieve(batchId)).status.toLowerCase()),
      )
      .toBe(true);
    return client.batches.retrieve(batchId);
  };
  const errorOf = async (call: Promise<unknown>) => {
    const error = await call.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return error instanceof APIError ? [error.constructor.name, error.status] : error;
  };

  const file = await uploaded();
  const completed = await ended((await created(file.id)).id);
  const second = await created((await uploaded()).id);
  const cancelling = await client.batches.cancel(second.id);
  const output = await (await client.files.content(completed.output_file_id ?? '')).text();
  const rows = output
    .trim()
    .split('\n')
    .map((row) => JSON.parse(row));
  const batches: string[] = [];
  for await (const { id } of client.batches.list({ limit: 1 })) batches.push(id);
  const files: string[] = [];
  for await (const { id } of client.files.list({ purpose: 'batch' })) files.push(id);
  return {
    file: [file.object, file.purpose, file.filename, file.bytes > 0],
    completed: [
      completed.object,
      completed.status.toLowerCase(),
      completed.request_counts?.completed,
    ],
    customIds: rows.map(({ custom_id }) => custom_id).toSorted(),
    statusCodes: [...new Set(rows.map(({ response }) => response.status_code))],
    batches: String(batches) === String([second.id, completed.id]),
    cancelling: ['cancelling', 'cancelled'].includes(cancelling.status.toLowerCase()),
    cancelled: (await ended(second.id)).status.toLowerCase(),
    files: files.includes(file.id),
    deleted: (await client.files.delete(file.id)).deleted,
    errors: [
      await errorOf(client.batches.retrieve('batch_none')),
      await errorOf(client.files.retrieve(file.id)),
      await errorOf(client.batches.cancel(completed.id)),
    ],
  };
}
