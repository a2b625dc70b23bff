import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ProviderError } from '../../../shared/batch/errors.ts';
import type { Outcome } from '../../../shared/batch/job.ts';
import { downloadHeaders, resumedDownload } from '../../../shared/providers/download.ts';
import { messageWithCause } from '../../../shared/providers/errors.ts';
import { readingFetch } from '../../../shared/providers/http.ts';
import { readClient } from '../../../shared/providers/openai/api.ts';
import { classify } from '../../../shared/providers/openai/errors.ts';
import { readRows } from '../../../shared/providers/openai/rows.ts';
import { flat } from '../../support/streams.ts';
import { type Answer, startStubServer } from './stubServer.ts';

const KEY = 'sk-secret-of-the-test';
const OUTCOME: Outcome = { kind: 'completed', jobId: 'batch_1', files: ['file-1'] };

/** Downloads a file of a server with the test's answers, without an SDK between. */
async function startDownload(answer: Answer) {
  const { url, requests } = await startStubServer(answer);
  const open = (signal: AbortSignal, from: number) =>
    readingFetch(`${url}/file`, {
      signal,
      headers: { ...downloadHeaders(from), authorization: `Bearer ${KEY}`, 'x-api-key': KEY },
    });
  const chunks = resumedDownload({ open, classify: (error) => classify(error, 'read') });
  return { chunks, requests };
}

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of chunks) bytes += chunk.length;
  return bytes;
}

describe('a server that goes silent', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Lets a minute pass again and again, with time for the sockets between, until it has failed. */
  async function failureOf(running: Promise<unknown>): Promise<ProviderError> {
    let failure: ProviderError | undefined;
    const ended = running.then(
      () => Promise.reject(new Error('it succeeded')),
      (error: ProviderError) => {
        failure = error;
      },
    );
    while (failure === undefined) {
      await vi.advanceTimersByTimeAsync(60_000);
      await new Promise(setImmediate);
    }
    await ended;
    return failure;
  }

  test('without an answer is given up', async () => {
    const { url, requests } = await startStubServer(() => new Promise(() => {}));
    const client = readClient({ apiKey: KEY, baseUrl: `${url}/v1` });

    const failure = await failureOf(bytesOf(flat(readRows(client, OUTCOME))));

    expect(failure).toMatchObject({ kind: 'transient' });
    expect(requests.length).toBeLessThanOrEqual(3);
  });

  test('after the headers, or in the middle, is given up', async () => {
    for (const body of ['', 'x'.repeat(1_000)]) {
      const { chunks, requests } = await startDownload((_request, response) => {
        response.writeHead(200, { 'content-length': 5_000 }).flushHeaders();
        if (body !== '') response.write(body);
        return once(response, 'close');
      });

      const failure = await failureOf(bytesOf(chunks));

      expect(failure).toMatchObject({ kind: 'transient' });
      expect(failure.message).toContain('no data arrived for 60000 ms');
      expect(requests).toHaveLength(6);
    }
  });
});

test('an answer that is shorter than its Content-Length is not taken for the file', async () => {
  const { chunks } = await startDownload((_request, response) => {
    response.socket?.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort');
  });
  await expect(bytesOf(chunks)).rejects.toMatchObject({ kind: 'transient' });
});

test('100 MB pass in constant memory, and only as fast as they are read', async () => {
  const PIECE = Buffer.alloc(1024 * 1024, 'x');
  let sent = 0;
  const { chunks } = await startDownload(async (_request, response) => {
    response.writeHead(200, { 'content-length': 100 * PIECE.length });
    for (; sent < 100; sent++) if (!response.write(PIECE)) await once(response, 'drain');
    response.end();
  });
  const first = await chunks.next();
  let bytes = first.value?.length ?? 0;
  // What the sockets and streams between hold is far less than the file.
  await new Promise(setImmediate);
  expect(sent).toBeLessThan(50);
  let most = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    most = Math.max(most, chunk.length);
  }
  expect(bytes).toBe(100 * PIECE.length);
  expect(most).toBeLessThanOrEqual(PIECE.length);
});

test('a reader that stops early closes the connection', async () => {
  let closed: Promise<unknown> | undefined;
  const { chunks } = await startDownload((_request, response) => {
    closed = once(response, 'close');
    response.writeHead(200, { 'content-length': 100_000_000 }).write('x'.repeat(100_000));
    return closed;
  });
  for await (const chunk of chunks) {
    expect(chunk.length).toBeGreaterThan(0);
    break;
  }
  await closed;
});

test('a connection that was kept and closed by the server costs a retry, not the call', async () => {
  const answered: ServerResponse[] = [];
  const { url, requests } = await startStubServer((_request, response) => {
    answered.push(response);
    response.end('{"custom_id":"a"}');
  });
  const client = readClient({ apiKey: KEY, baseUrl: `${url}/v1` });
  await bytesOf(flat(readRows(client, OUTCOME)));
  for (const { socket } of answered) socket?.destroy();
  expect(await bytesOf(flat(readRows(client, OUTCOME)))).toBeGreaterThan(0);
  expect(requests).toHaveLength(2);
});

test('another host gets the range and no credentials, the same host both', async () => {
  const BODY = 'x'.repeat(200_000);
  const storage = await startStubServer(({ headers }, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': BODY.length - from });
    if (from > 0) return response.end(BODY.slice(from));
    response.write(BODY.slice(0, 100_000), () => response.destroy());
    return once(response, 'close');
  });
  const { chunks, requests } = await startDownload(({ path }, response) =>
    response
      .writeHead(302, { location: path === '/file' ? '/moved' : `${storage.url}/signed?secret=1` })
      .end(),
  );

  expect(await bytesOf(chunks)).toBe(BODY.length);

  expect(requests.map(({ path }) => path)).toEqual(['/file', '/moved', '/file', '/moved']);
  for (const { headers } of requests) expect(headers.authorization).toBe(`Bearer ${KEY}`);
  expect(storage.requests.map(({ headers }) => headers.range)).toEqual([
    undefined,
    expect.stringMatching(/^bytes=\d+-$/),
  ]);
  expect(JSON.stringify(storage.requests)).not.toContain(KEY);
});

test('a failure at a storage does not show the query of its URL', async () => {
  const closed = await startStubServer(() => {});
  const url = `${closed.url.replace(/\d+$/, '1')}/signed?secret=1`;
  const failure = await readingFetch(url).catch((error: unknown) => error);
  expect(messageWithCause(failure)).toContain('/signed');
  expect(messageWithCause(failure)).not.toContain('secret');
});

test('a proxy is used where Node is told to use that of the environment, as by its own fetch', async () => {
  const proxy = await startStubServer((_request, response) => response.end('through the proxy'));
  const through = async (environment: Record<string, string>) => {
    const module = new URL('../../../shared/providers/http.ts', import.meta.url).href;
    const code = `const { readingFetch } = await import(${JSON.stringify(module)});
      process.send(await readingFetch('http://provider.invalid/file').then((r) => r.text(), () => 'failed'));`;
    const child = fork('-', {
      execArgv: ['--input-type=module', '-e', code],
      env: { ...process.env, ...environment },
    });
    onTestFinished(() => void child.kill());
    const [answer] = await once(child, 'message');
    return answer;
  };
  const HTTP_PROXY = proxy.url;
  expect(await through({ HTTP_PROXY })).toBe('failed');
  expect(await through({ HTTP_PROXY, NODE_USE_ENV_PROXY: '1' })).toBe('through the proxy');
  expect(await through({ HTTP_PROXY, NODE_USE_ENV_PROXY: '1', NO_PROXY: 'provider.invalid' })).toBe(
    'failed',
  );
}, 60_000);
