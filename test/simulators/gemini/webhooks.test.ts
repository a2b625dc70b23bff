import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { MODEL, world } from './world.ts';

/** Takes webhooks and keeps them. */
async function startReceiver() {
  const received: { path: string; id: unknown; body: unknown }[] = [];
  const server = createServer(async (request, response) => {
    const body = JSON.parse(await text(request));
    received.push({ path: request.url ?? '', id: request.headers['webhook-id'], body });
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

/** A job as Google's SDK creates it. */
async function jobWith(here: Awaited<ReturnType<typeof world>>, uris: string[]) {
  const line = { key: 'a', request: { contents: [{ parts: [{ text: 'Hi' }] }] } };
  const { name: src = '' } = await here.upload(JSON.stringify(line));
  const webhookConfig = { uris, userMetadata: { mine: 1 } };
  const config = { displayName: 'a job', webhookConfig };
  return here.client.batches.create({ model: MODEL, src, config });
}

test.each([
  ['completed', 'batch.succeeded'],
  ['failed_quota', 'batch.failed'],
  ['expired', 'batch.expired'],
  ['cancelled', 'batch.cancelled'],
])('the end of a job that is %s is reported as %s to its URI', async (outcome, type) => {
  const here = await world({ plan: [outcome] });
  const { url, received } = await startReceiver();

  const { name = '' } = await jobWith(here, [`${url}/gemini?key=1`]);
  await here.end(name);
  await vi.waitFor(() => expect(received).toHaveLength(1), 5_000);

  expect(received).toMatchObject([
    {
      path: '/gemini?key=1',
      id: expect.any(String),
      body: { type, version: 'v1', timestamp: expect.any(String), data: {} },
    },
  ]);
  expect(JSON.stringify(received)).not.toContain(name);
});

test('a job without URIs is reported to nobody', async () => {
  const here = await world();
  await here.end((await here.job(1)).name);
  await here.simulator.close();

  const { events } = await here.simulator.journal();
  expect(events.filter(({ event }) => event === 'webhook')).toEqual([]);
});

test.each(['http://example.com/hook', 'ftp://127.0.0.1/', 'no-url'])(
  'a job with the URI %s is refused',
  async (uri) => {
    const here = await world();
    await expect(jobWith(here, [uri])).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('https'),
    });
  },
);
