import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as rawRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBatchHandler } from '../../../inProcess/createBatchHandler.ts';
import { createDirectoryClient, type DirectoryClient } from '../../../inProcess/openDirectory.ts';
import { createConsole } from '../../../shared/console/app.ts';
import { type LoopbackServer, serveOnLoopback } from '../../../shared/http/loopbackServer.ts';

const TOKEN = 'a-token-of-the-console';
const PAGE = '<!doctype html><title>The page</title>';

let directory: string;
let client: DirectoryClient;
let server: LoopbackServer;
let readOnly: LoopbackServer;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'console-session-'));
  const handler = join(directory, 'handler');
  const page = join(directory, 'page');
  mkdirSync(join(page, 'assets'), { recursive: true });
  writeFileSync(join(page, 'index.html'), PAGE);
  writeFileSync(join(page, 'assets', 'index-1.js'), 'export {};');
  writeFileSync(join(directory, 'secret.txt'), 'a secret beside the page');
  const openai = { kind: 'openai', apiKey: 'sk-test' } as const;
  const options = { directory: handler, providers: { openai }, process: async () => {} };
  await createBatchHandler(options).close();
  client = createDirectoryClient(handler);
  const serve = (isReadOnly: boolean) => {
    const silent = () => {};
    const log = { info: silent, warn: silent, error: silent };
    const explain = () => 'AWS refuses the credentials: sign in again';
    const ports = {
      client,
      isReadOnly,
      hint: (text: string) => text,
      explain,
      log,
      now: Date.now,
      ended: new AbortController().signal,
    };
    const console = createConsole(ports, { token: TOKEN, directory: page });
    return serveOnLoopback(console.fetch, 0);
  };
  server = await serve(false);
  readOnly = await serve(true);
});
afterAll(async () => {
  await server?.close();
  await readOnly?.close();
  client?.close();
  rmSync(directory, { recursive: true });
});

/** A request as a browser sends it that has opened the address. */
function call(path: string, init: RequestInit = {}, at = server): Promise<Response> {
  const { port } = new URL(at.url);
  const cookie = `batch-handler-${port}=${TOKEN}`;
  return fetch(`${at.url}${path}`, {
    redirect: 'manual',
    ...init,
    headers: { cookie, ...init.headers },
  });
}

const bare = (path: string) => fetch(`${server.url}${path}`, { redirect: 'manual' });

describe('the address of the console', () => {
  it('lets a browser in, by a cookie that no script and no other site can use', async () => {
    const response = await bare(`/?token=${TOKEN}`);
    const { port } = new URL(server.url);
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('/');
    expect(response.headers.get('set-cookie')).toBe(
      `batch-handler-${port}=${TOKEN}; Path=/; HttpOnly; SameSite=Strict`,
    );
  });
  it('may be that of any screen, and loses its token', async () => {
    const response = await bare(`/batches/one%2F1?token=${TOKEN}`);
    expect(response.headers.get('location')).toBe('/batches/one%2F1');
  });
  it('leads to no other host', async () => {
    const response = await bare(`//other.example/?token=${TOKEN}`);
    expect(response.headers.get('location')).toBe('/other.example/');
  });
  it.each(['/', '/batches', '/assets/index-1.js', '/api/handler', '/api/live', '/?token=wrong'])(
    'is needed for %s',
    async (path) => {
      const response = await bare(path);
      expect(response.status).toBe(401);
      expect(await response.text()).toContain('Open the address that batch-handler serve');
    },
  );
  it('is none with the cookie of a server that ran on the port before', async () => {
    const { port } = new URL(server.url);
    const cookie = `batch-handler-${port}=token-of-yesterday`;
    expect((await call('/', { headers: { cookie } })).status).toBe(401);
  });
  it('does not open other files', async () => {
    for (const path of ['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '//secret.txt'])
      expect(await rawGet(path)).not.toContain('a secret beside the page');
  });
});

/** Without a client that puts the path in order. */
function rawGet(path: string): Promise<string> {
  const { hostname, port } = new URL(server.url);
  const headers = { cookie: `batch-handler-${port}=${TOKEN}` };
  return new Promise((resolve, reject) => {
    rawRequest({ hostname, port, path, headers }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve(text);
    })
      .on('error', reject)
      .end();
  });
}

describe('every answer', () => {
  it.each(['/', '/assets/index-1.js', '/api/handler', '/api/none'])(
    'of %s forbids what the page does not need',
    async (path) => {
      const { headers } = await call(path);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      expect(policy).not.toContain('http');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('access-control-allow-origin')).toBeNull();
    },
  );
  it('of the API is kept by nobody', async () => {
    expect((await call('/api/handler')).headers.get('cache-control')).toBe('no-store');
  });
  it('with a file of the page is kept, and without one is not', async () => {
    const there = await call('/assets/index-1.js');
    expect(there.headers.get('cache-control')).toContain('immutable');
    const { status, headers } = await call('/assets/index-of-another-version.js');
    expect(status).toBe(404);
    expect(headers.get('cache-control')).toBeNull();
  });
  it('to a browser that wants no content begins no stream', async () => {
    const { status, headers } = await call('/api/live', { method: 'HEAD' });
    expect(status).toBe(405);
    expect(headers.get('content-type')).toBeNull();
  });
  it('for a screen is the page', async () => {
    expect(await (await call('/batches/any')).text()).toBe(PAGE);
  });
  it('for an unknown path of the API is an error', async () => {
    const response = await call('/api/none');
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      error: { code: 'not_found', message: 'there is no such path' },
    });
  });
});

describe('a page of another origin', () => {
  const post = (headers: Record<string, string>) =>
    call('/api/none', { method: 'POST', headers, body: '{}' });

  it('of another port of this machine, to which the cookie is sent, changes nothing', async () => {
    const response = await post({ origin: 'http://127.0.0.1:1' });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: { code: 'foreign_origin' } });
  });
  it('or a form without an origin changes nothing', async () => {
    expect((await post({})).status).toBe(403);
    expect((await post({ origin: 'null' })).status).toBe(403);
  });
  it('reads nothing', async () => {
    const headers = { origin: 'http://127.0.0.1:1' };
    expect((await call('/api/handler', { headers })).status).toBe(403);
  });
  it('is not the page of the server', async () => {
    expect((await post({ origin: server.url })).status).toBe(404);
  });
});

describe('a page that was loaded of another server on the same port', () => {
  const post = (of: string) =>
    call('/api/none', {
      ...{ method: 'POST', body: '{}' },
      headers: { origin: server.url, 'batch-handler-server': of },
    });

  it('changes nothing, since its batches may be of another handler', async () => {
    const response = await post('another');
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ error: { code: 'other_server' } });
  });
  it('is not that of this one', async () => {
    const handler = (await (await call('/api/handler')).json()) as { server: string };
    expect((await post(handler.server)).status).toBe(404);
  });
});

describe('a read-only server', () => {
  it('refuses what changes something, and says so', async () => {
    const init = { method: 'POST', headers: { origin: readOnly.url }, body: '{}' };
    const response = await call('/api/batches/commands', init, readOnly);
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({
      error: { code: 'read_only', message: 'this server was started with --read-only' },
    });
  });
  it('shows everything', async () => {
    const response = await call('/api/handler', {}, readOnly);
    expect(await response.json()).toMatchObject({ isReadOnly: true, providers: ['openai'] });
  });
});

describe('a request that is wrong', () => {
  it('is told by its field and its value', async () => {
    const response = await call('/api/batches?limit=many');
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: { code: 'invalid_input', message: 'limit: "many" is not a whole number' },
    });
  });
  it('is refused if it is too large', async () => {
    const init = {
      ...{ method: 'POST', headers: { origin: server.url } },
      body: Buffer.alloc(17 * 1024 * 1024),
    };
    expect((await call('/api/none', init)).status).toBe(413);
  });
  it('is refused if it does not say how long it is, and has none if it says nothing of it', async () => {
    const headers = { origin: server.url };
    const body = new Blob(['x']).stream();
    const streamed = { method: 'POST', headers, body, duplex: 'half' } as const;
    expect((await call('/api/none', streamed)).status).toBe(411);
    expect((await call('/api/none', { method: 'DELETE', headers })).status).toBe(404);
  });
});
