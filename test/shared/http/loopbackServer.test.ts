import { request } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { type LoopbackServer, serveOnLoopback } from '../../../shared/http/loopbackServer.ts';

const started: LoopbackServer[] = [];
afterEach(async () => {
  for (const server of started.splice(0)) await server.close();
});

async function start(fetch: Parameters<typeof serveOnLoopback>[0] = () => new Response('answer')) {
  const server = await serveOnLoopback(fetch, 0);
  started.push(server);
  return server;
}

/** A request whose Host can be chosen, which `fetch` does not allow. */
function send(
  url: string,
  headers: Record<string, string>,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, agent: false }, async (response) => {
      let body = '';
      for await (const chunk of response) body += chunk;
      resolve({ status: response.statusCode ?? 0, body });
    });
    sent.on('error', reject);
    sent.end();
  });
}

it('answers on the loopback, by each of its names', async () => {
  const { url } = await start();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  for (const host of ['127.0.0.1:4100', 'localhost', 'LOCALHOST:80', '[::1]:4100'])
    expect(await send(url, { host }), host).toEqual({ status: 200, body: 'answer' });
  expect((await send(url, { origin: 'http://localhost:3000' })).status).toBe(200);
});

it.each([
  ['a name that leads here by DNS rebinding', { host: 'attacker.example' }],
  ['a name that begins like this machine', { host: '127.0.0.1.attacker.example' }],
  ['an address of the network', { host: '0.0.0.0:4100' }],
  ['the page of another site', { origin: 'https://attacker.example' }],
  ['a page without an origin of its own', { origin: 'null' }],
])('refuses %s, before the application sees it', async (_what, headers) => {
  let calls = 0;
  const { url } = await start(() => {
    calls += 1;
    return new Response();
  });
  const { status, body } = await send(url, headers);
  expect(status).toBe(403);
  expect(JSON.parse(body).error.type).toBe('permission_error');
  expect(calls).toBe(0);
});

it('refuses headers of more than 16 KB', async () => {
  const { url } = await start();
  expect((await send(url, { 'x-long': 'x'.repeat(17 * 1024) })).status).toBe(431);
});

it('says which port is in use', async () => {
  const { url } = await start();
  const { port } = new URL(url);
  await expect(serveOnLoopback(() => new Response(), Number(port))).rejects.toThrow(
    `port ${port} of 127.0.0.1 is in use`,
  );
});

it('streams a body as it comes, and an answer as it is read', async () => {
  const { url } = await start(({ body }) => new Response(body));
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const init = { method: 'POST', body: readable, duplex: 'half' } as RequestInit;
  const answer = fetch(url, init);

  await writer.write(Buffer.from('first'));
  const reader = (await answer).body?.getReader();
  // The second chunk is not sent before the first has come back.
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('first');
  await writer.write(Buffer.from('second'));
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('second');
  await writer.close();
  expect((await reader?.read())?.done).toBe(true);
});

it('closes after the requests that are being answered', async () => {
  const begun = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<Response>();
  const server = await serveOnLoopback(() => {
    begun.resolve();
    return answered.promise;
  }, 0);
  const asked = fetch(server.url);
  await begun.promise;

  const closed = server.close();
  answered.resolve(new Response('last'));

  expect(await (await asked).text()).toBe('last');
  await closed;
  await expect(fetch(server.url)).rejects.toThrow();
});
