import { expect, test } from 'vitest';
import { startToyStack } from '../fixtures/toyStack.ts';

/** The toy stack, and a call of the URL of its function. */
async function startPage() {
  const stack = await startToyStack();
  const url = stack.resources.functionUrls[0]?.url ?? '';
  const call = (path: string, init?: RequestInit) => fetch(new URL(path, url), init);
  return { stack, url, call };
}

test('a function behind a URL gets the request as Lambda hands it over', async () => {
  const { stack, url, call } = await startPage();

  const response = await call('a/b?x=1&y=2', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'X-Mine': 'yes' },
    body: '{"ü":1}',
  });
  const event = await response.json();

  expect(url).toBe(`${stack.endpointUrl}/function-url/Toy-Page/`);
  expect(response.status).toBe(200);
  expect(event).toMatchObject({
    version: '2.0',
    rawPath: '/a/b',
    rawQueryString: 'x=1&y=2',
    queryStringParameters: { x: '1', y: '2' },
    headers: { 'x-mine': 'yes' },
    requestContext: { http: { method: 'POST', path: '/a/b' } },
    body: '{"ü":1}',
    isBase64Encoded: false,
  });
});

test('bytes come and go as base64', async () => {
  const { call } = await startPage();
  const bytes = new Uint8Array([0xff, 0xfe, 0xfd]);

  const event = await (await call('', { method: 'POST', body: bytes })).json();
  const answer = await call('bytes');

  expect(event).toMatchObject({ body: '//79', isBase64Encoded: true });
  expect(answer.status).toBe(201);
  expect(new Uint8Array(await answer.arrayBuffer())).toEqual(bytes);
});

test('the answer is what the function returns', async () => {
  const { call } = await startPage();

  const text = await call('text');
  expect([text.status, text.headers.get('content-type')]).toEqual([404, 'text/plain']);
  expect(await text.text()).toBe('no such page');

  const plain = await call('plain');
  expect([plain.status, await plain.json()]).toEqual([200, ['no status']]);

  expect((await call('throw')).status).toBe(502);
});

test('a body is refused whose event Lambda would not take', async () => {
  const { call } = await startPage();
  const statusOf = async (bytes: number) =>
    (await call('text', { method: 'POST', body: new Uint8Array(bytes) })).status;

  // As base64, 4.4 MB are 5.9 MB, and 4.8 MB are 6.4 MB.
  expect(await statusOf(4_400_000)).toBe(404);
  expect(await statusOf(4_800_000)).toBe(413);
  expect(await statusOf(9_000_000)).toBe(413);
});

test('a function without a URL has none', async () => {
  const { stack } = await startPage();

  const response = await fetch(`${stack.endpointUrl}/function-url/Toy-Worker/`);

  expect(response.status).toBe(404);
});
