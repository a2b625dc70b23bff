import { expect, test } from 'vitest';
import type { Batch } from '../../../shared/batch/record.ts';
import { addBatch } from '../../../shared/client/addBatch.ts';
import { batchInfo } from '../../../shared/client/batchInfo.ts';
import { sendCommand } from '../../../shared/client/commands.ts';
import { findFile } from '../../../shared/http/findFile.ts';
import type { Caller } from '../../../shared/http/ports.ts';
import { given, NOW } from '../../support/given.ts';

const AT = new Date(NOW).toISOString();
const EXPIRED = given('failed', {
  inputExpiredAt: NOW,
  rows: { results: 'batches/b1/t/results.jsonl', errors: 'batches/b1/t/errors.jsonl' },
  counts: { total: 2, succeeded: 1, failed: 1, unfinished: 0 },
  spec: { tenant: 'ours' },
});
const batches = { get: async (): Promise<Batch> => EXPIRED };

test.each(['retry', 'redeliver'] as const)(
  '%s says since when the input is gone',
  async (action) => {
    const queues = { send: () => Promise.reject(new Error('it was sent')) };
    await expect(sendCommand({ batches, queues } as never, action, 'b1')).rejects.toMatchObject({
      code: 'input_expired',
      message: expect.stringContaining(`its input was removed at ${AT}`),
    });
  },
);

test('the state of the batch has the time, and no copy of the input', () => {
  const objects = { bucket: 'bucket', prefix: '', locationOf: ({ key }: { key: string }) => key };
  const info = batchInfo(EXPIRED, objects);
  expect(info).toMatchObject({ inputExpiredAt: AT, results: 'batches/b1/t/results.jsonl' });
  expect(info.input).toBeUndefined();
});

test('the file of the input at the HTTP API says so to those who may read the batch', async () => {
  const ports = { batches, items: { get: async () => undefined }, clock: { now: () => NOW } };
  const find = (tenant: string) =>
    findFile(ports as never, { tenant } as unknown as Caller, 'file-input-b1');
  await expect(find('ours')).rejects.toMatchObject({
    status: 404,
    code: 'input_expired',
    message: expect.stringContaining(AT),
  });
  await expect(find('theirs')).rejects.toMatchObject({ status: 404, code: null });
});

test('whether a file is the input of the batch cannot be told any more by its content', async () => {
  const content = `{"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{"model":"m"}}\n`;
  const input = { ...EXPIRED.input, bytes: Buffer.byteLength(content) };
  const connection = {
    handler: { providers: ['openai'] },
    batches: { get: async () => ({ ...EXPIRED, input }) },
    objects: { bucket: 'bucket', prefix: '', locationOf: () => '' },
  };
  const added = addBatch(connection as never, { batchId: 'b1', requests: [JSON.parse(content)] });
  await expect(added).rejects.toMatchObject({ code: 'input_expired' });
});
