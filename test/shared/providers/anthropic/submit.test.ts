import { readdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { referenceOf } from '../../../../shared/jsonl/rows.ts';
import type { Submission } from '../../../../shared/providers/provider.ts';
import { scratchFileOf } from '../scratchFile.ts';
import { sendJson } from '../stubServer.ts';
import { startStub } from './stub.ts';

const KEY = 'bhabcdefghij012345-12345';
const request = (customId: string, body: object = {}) => ({
  custom_id: customId,
  method: 'POST',
  url: '/v1/chat/completions',
  body: { model: 'claude-haiku-4-5', messages: [{ role: 'user', content: 'Hü' }], ...body },
});

async function submission(
  lines: readonly object[],
  changes: Partial<Submission> = {},
): Promise<Submission> {
  const file = await scratchFileOf(lines);
  onTestFinished(() => file.remove());
  return {
    key: KEY,
    batchId: 'a-batch',
    endpoint: '/v1/chat/completions',
    model: 'claude-haiku-4-5',
    format: 'openai',
    completionWindow: '24h',
    options: {},
    file,
    requests: lines.length,
    createDeadlineMs: 60_000,
    ...changes,
  };
}

const answerAll = () => startStub((_call, response) => sendJson(response, { id: 'msgbatch_1' }));

test('sends all requests in one call, under ids that contain the key', async () => {
  const { provider, requests } = await answerAll();
  const ids = ['a', 'ä b/c', 'x'.repeat(512)];

  const { jobId } = await provider.submit(await submission(ids.map((id) => request(id))));

  expect(jobId).toBe('msgbatch_1');
  expect(requests).toHaveLength(1);
  const [call] = requests;
  expect(call).toMatchObject({
    method: 'POST',
    path: '/v1/messages/batches',
    headers: {
      authorization: 'Bearer sk-ant-test',
      'anthropic-version': expect.any(String),
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(call?.body ?? '')),
      connection: 'close',
    },
  });
  const sent = JSON.parse(call?.body ?? '').requests;
  expect(sent).toEqual(
    ids.map((id) => ({
      custom_id: `${KEY}_${referenceOf(id)}`,
      params: {
        model: 'claude-haiku-4-5',
        max_tokens: 32_000,
        messages: [{ role: 'user', content: 'Hü' }],
      },
    })),
  );
  for (const { custom_id: id } of sent) expect(id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
});

test('native requests are sent as they are', async () => {
  const { provider, requests } = await answerAll();
  const body = { max_tokens: 5, system: 'Be.', thinking: { type: 'adaptive' } };
  await provider.submit(await submission([request('a', body)], { format: 'native' }));
  expect(JSON.parse(requests[0]?.body ?? '').requests[0].params).toEqual({
    model: 'claude-haiku-4-5',
    messages: [{ role: 'user', content: 'Hü' }],
    ...body,
  });
});

test('leaves no files on disk, whatever happens', async () => {
  const { provider } = await startStub((_call, response) => sendJson(response, {}, 500));
  const sent = await submission([request('a')]);
  await expect(provider.submit(sent)).rejects.toMatchObject({ kind: 'uncertain' });
  expect(await readdir(dirname(sent.file.path))).toEqual(['input.jsonl']);
});

test('an answer that is no JSON is uncertain', async () => {
  const { provider, requests } = await startStub((_call, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>welcome</html>'),
  );
  const submitting = provider.submit(await submission([request('a')]));
  await expect(submitting).rejects.toMatchObject({ kind: 'uncertain' });
  expect(requests).toHaveLength(1);
});

test('a request that can no longer be expressed is permanent, and nothing is sent', async () => {
  const { provider, requests } = await answerAll();
  const submitting = provider.submit(await submission([request('a', { seed: 1 })]));
  await expect(submitting).rejects.toMatchObject({
    kind: 'permanent',
    reason: { code: 'unsupported_field' },
  });
  expect(requests).toEqual([]);
});

test('no job is created from a file that is damaged or missing', async () => {
  const { provider, requests } = await answerAll();
  const broken = await submission([request('a')]);
  await writeFile(broken.file.path, '{"custom_id":"secret');
  await expect(provider.submit(broken)).rejects.toMatchObject({ kind: 'transient' });
  await expect(provider.submit(broken)).rejects.not.toThrow('secret');
  await broken.file.remove();
  await expect(provider.submit(broken)).rejects.toMatchObject({ kind: 'transient' });
  expect(requests).toEqual([]);
});
