import { describe, expect, onTestFinished, test } from 'vitest';
import type { Submission } from '../../../../shared/providers/provider.ts';
import { scratchFileOf } from '../scratchFile.ts';
import { sendJson } from '../stubServer.ts';
import { startStub } from './stub.ts';

async function submission(changes: Partial<Submission> = {}): Promise<Submission> {
  const file = await scratchFileOf([{ custom_id: 'a' }, { custom_id: 'b' }]);
  onTestFinished(() => file.remove());
  return {
    key: 'bhabcdefghij012345-1',
    batchId: 'a-batch',
    endpoint: '/v1/embeddings',
    model: 'text-embedding-3-small',
    format: 'openai',
    completionWindow: '24h',
    options: {},
    file,
    requests: 2,
    createDeadlineMs: 60_000,
    ...changes,
  };
}

const answerAll = () =>
  startStub(({ path }, response) =>
    sendJson(response, { id: path.endsWith('/files') ? 'file-1' : 'batch_1' }),
  );

test('uploads a file with an expiry and a known length', async () => {
  const { provider, requests } = await answerAll();

  await provider.submit(await submission());

  const upload = requests[0];
  expect(upload).toMatchObject({ method: 'POST', path: '/v1/files' });
  expect(upload?.headers['content-length']).toBe(String(Buffer.byteLength(upload?.body ?? '')));
  expect(upload?.headers).not.toHaveProperty('transfer-encoding');
  const fields = upload?.body.replaceAll('\r\n', '\n') ?? '';
  expect(fields).toContain('name="purpose"\n\nbatch\n');
  expect(fields).toContain('name="expires_after[anchor]"\n\ncreated_at\n');
  expect(fields).toContain('name="expires_after[seconds]"\n\n2592000\n');
  expect(fields).toContain('filename="bhabcdefghij012345-1.jsonl"');
  expect(fields).toContain('{"custom_id":"a"}\n{"custom_id":"b"}\n');
});

test('creates the job with key and batch in its metadata, on a connection of its own', async () => {
  const { provider, requests } = await answerAll();

  const { jobId } = await provider.submit(await submission());

  expect(jobId).toBe('batch_1');
  expect(requests).toHaveLength(2);
  expect(requests[1]).toMatchObject({ method: 'POST', path: '/v1/batches' });
  expect(requests[1]?.headers).toMatchObject({
    authorization: 'Bearer sk-test',
    connection: 'close',
  });
  expect(JSON.parse(requests[1]?.body ?? '')).toEqual({
    input_file_id: 'file-1',
    endpoint: '/v1/embeddings',
    completion_window: '24h',
    metadata: { batch_handler_key: 'bhabcdefghij012345-1', batch_id: 'a-batch' },
  });
});

test('passes on the expiry of the output', async () => {
  const { provider, requests } = await answerAll();

  await provider.submit(await submission({ options: { outputExpiresAfterSeconds: 3_600 } }));

  expect(JSON.parse(requests[1]?.body ?? '')).toMatchObject({
    output_expires_after: { anchor: 'created_at', seconds: 3_600 },
  });
});

test('accepts a fractional deadline', async () => {
  const { provider } = await answerAll();
  const submitting = provider.submit(await submission({ createDeadlineMs: 59_999.99 }));
  await expect(submitting).resolves.toEqual({ jobId: 'batch_1' });
});

test('an answer to create that is no JSON is uncertain', async () => {
  const { provider, requests } = await startStub(({ path }, response) => {
    if (path.endsWith('/files')) sendJson(response, { id: 'file-1' });
    else response.writeHead(200, { 'content-type': 'text/html' }).end('<html>welcome</html>');
  });
  await expect(provider.submit(await submission())).rejects.toMatchObject({ kind: 'uncertain' });
  expect(requests).toHaveLength(2);
});

test('no job is created from a file that is missing on disk', async () => {
  const { provider, requests } = await answerAll();
  const gone = await submission();
  await gone.file.remove();
  await expect(provider.submit(gone)).rejects.toMatchObject({ kind: 'transient' });
  expect(requests).toEqual([]);
});

describe('a file that the service processes first', () => {
  const upload = { id: 'file-1', status: 'pending' };
  const paths = (requests: readonly { method: string | undefined; path: string }[]) =>
    requests.map(({ method, path }) => `${method} ${path}`);

  test('is looked at until it is ready, and then one job is created', async () => {
    const states = ['Pending', 'running', 'processed'];
    const { provider, requests } = await startStub(({ method, path }, response) => {
      if (path === '/v1/batches') sendJson(response, { id: 'batch_1' });
      else if (method === 'POST') sendJson(response, upload);
      else sendJson(response, { ...upload, status: states.shift() });
    });
    await expect(provider.submit(await submission())).resolves.toEqual({ jobId: 'batch_1' });
    expect(paths(requests).filter((path) => path === 'GET /v1/files/file-1')).toHaveLength(3);
    expect(paths(requests).at(-1)).toBe('POST /v1/batches');
  });

  test('and cannot process is refused for good, with the reason, and deleted', async () => {
    const { provider, requests } = await startStub(({ method, path }, response) => {
      if (method === 'POST') sendJson(response, upload);
      else sendJson(response, { ...upload, status: 'error', status_details: 'line 3' });
      expect(path).not.toBe('/v1/batches');
    });
    const submitting = provider.submit(await submission());
    await expect(submitting).rejects.toMatchObject({
      kind: 'permanent',
      reason: { message: expect.stringContaining('line 3') },
    });
    expect(paths(requests).at(-1)).toBe('DELETE /v1/files/file-1');
  });

  test('and does not show to create yet: the call, refused for certain, is sent again', async () => {
    const refusals = [
      { code: 'invalid_value', param: 'file_id', message: 'no' },
      { code: null, message: 'No such File object: file-1' },
    ];
    const { provider, requests } = await startStub(({ path }, response) => {
      if (path === '/v1/files') return sendJson(response, { id: 'file-1', status: 7 });
      const error = refusals.shift();
      const status = error?.param ? 400 : 404;
      return error ? sendJson(response, { error }, status) : sendJson(response, { id: 'batch_1' });
    });
    await expect(provider.submit(await submission())).resolves.toEqual({ jobId: 'batch_1' });
    expect(paths(requests)).toEqual([
      'POST /v1/files',
      'POST /v1/batches',
      'POST /v1/batches',
      'POST /v1/batches',
    ]);
  });
});
