import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Anthropic, { APIError } from '@anthropic-ai/sdk';
import { expect, onTestFinished, test } from 'vitest';
import { startAnthropicSimulator } from '../../../simulators/anthropic/index.ts';
import { pythonWith } from '../../support/python.ts';
import { request } from './world.ts';

/** Anthropic's own SDKs, in both languages, use the simulator as their users would. */

async function start(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sdk-simulator-'));
  const options = { dataDir, jobSeconds: 0.05, plan: ['completed', 'stuck'] };
  const simulator = await startAnthropicSimulator(options);
  onTestFinished(async () => {
    await simulator.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  return simulator.url;
}

const SEEN = {
  created: ['message_batch', 'in_progress', 3],
  counts: [2, 1],
  rows: { r0: 'succeeded', r1: 'succeeded', refused: 'errored' },
  answer: ['assistant', 'text'],
  refusal: 'This model does not support the effort parameter.',
  listed: true,
  cancelling: 'canceling',
  cancelled: 1,
  errors: [
    ['NotFoundError', 404],
    ['BadRequestError', 400],
    ['BadRequestError', 400],
    ['BadRequestError', 400],
    ['BadRequestError', 400],
    ['AuthenticationError', 401],
  ],
  deleted: 'message_batch_deleted',
};

test('is driven by the SDK for Node.js', async () => {
  expect(await drive(await start())).toEqual(SEEN);
});

const found = pythonWith(['anthropic==2.14.0']);
test.skipIf('missing' in found)('is driven by the SDK for Python', async () => {
  if ('missing' in found) return;
  const script = join(import.meta.dirname, '../officialSdks/drive_anthropic.py');
  const { stdout } = await promisify(execFile)(found.python, [script, await start()]);
  expect(JSON.parse(stdout)).toEqual(SEEN);
});

/** The same as officialSdks/drive_anthropic.py. */
async function drive(baseURL: string) {
  const client = new Anthropic({ apiKey: 'sk-ant-test', baseURL, maxRetries: 0 });
  const { batches } = client.messages;
  const create = (...requests: object[]) => batches.create({ requests: requests as never });
  const ended = async (id: string) => {
    await expect.poll(async () => (await batches.retrieve(id)).processing_status).toBe('ended');
    return batches.retrieve(id);
  };
  const errorOf = async (call: PromiseLike<unknown>) => {
    const error = await Promise.resolve(call).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return error instanceof APIError ? [error.constructor.name, error.status] : error;
  };

  const refused = request('refused', { output_config: { effort: 'low' } });
  const created = await create(request('r0'), request('r1'), refused);
  const done = await ended(created.id);
  const rows = new Map<string, Anthropic.Messages.MessageBatchResult>();
  for await (const row of await batches.results(created.id)) rows.set(row.custom_id, row.result);
  const stuck = await create(request('r0'));
  const cancelling = await batches.cancel(stuck.id);
  const cancelled = await ended(stuck.id);
  const listed: string[] = [];
  for await (const { id } of batches.list({ limit: 1 })) listed.push(id);
  const [first, last] = [rows.get('r0'), rows.get('refused')];
  const message = first?.type === 'succeeded' ? first.message : undefined;
  return {
    created: [created.type, created.processing_status, created.request_counts.processing],
    counts: [done.request_counts.succeeded, done.request_counts.errored],
    rows: Object.fromEntries([...rows].map(([id, result]) => [id, result.type])),
    answer: [message?.role, message?.content[0]?.type],
    refusal: last?.type === 'errored' ? last.error.error.message : undefined,
    listed: listed.join() === [stuck.id, created.id].join(),
    cancelling: cancelling.processing_status,
    cancelled: cancelled.request_counts.canceled,
    errors: [
      await errorOf(batches.retrieve('msgbatch_none')),
      await errorOf(create()),
      await errorOf(create(request('a b'))),
      await errorOf(create(request('a'), request('a'))),
      await errorOf(batches.cancel(created.id)),
      await errorOf(client.withOptions({ apiKey: 'bad' }).messages.batches.list()),
    ],
    deleted: (await batches.delete(created.id)).type,
  };
}
