import { expect, test } from 'vitest';
import { sendJson } from '../stubServer.ts';
import { startStub } from './stub.ts';

const file = (id: number, filename: string) => ({ id: `file-${id}`, filename, created_at: 1_000 });

test('pages to the end before it deletes: the cursor is one of the files', async () => {
  const pages = [
    { data: [file(1, 'other.jsonl'), file(2, 'key-1.jsonl')], has_more: true },
    { data: [file(3, 'key-1.jsonl'), file(4, 'key-11.jsonl')], has_more: false },
  ];
  const { provider, requests } = await startStub(({ method }, response) =>
    sendJson(response, method === 'GET' ? pages.shift() : { id: 'x', deleted: true }),
  );

  await provider.deleteLeftovers(new Set(['key-1']), 0);

  expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /v1/files?purpose=batch&order=desc&limit=1000',
    'GET /v1/files?purpose=batch&order=desc&limit=1000&after=file-2',
    'DELETE /v1/files/file-2',
    'DELETE /v1/files/file-3',
  ]);
});

test('stops at a gateway that ignores the cursor, and at older files', async () => {
  const page = { data: [file(1, 'key-1.jsonl')], has_more: true };
  const { provider, requests } = await startStub((_request, response) => sendJson(response, page));
  await provider.deleteLeftovers(new Set(['key-2']), 0);
  expect(requests).toHaveLength(2);
  await provider.deleteLeftovers(new Set(['key-1']), 2_000_000);
  expect(requests).toHaveLength(3);
});

test('a job without files, as some gateways write it, has nothing to delete', async () => {
  const job = { id: 'b', status: 'failed', created_at: 1, input_file_id: '', output_file_id: null };
  const { provider, requests } = await startStub((_request, response) => sendJson(response, job));
  await provider.deleteFiles('b');
  expect(requests).toHaveLength(1);
});

const pathsOf = (requests: readonly { method: string | undefined; path: string }[]) =>
  requests.map(({ method, path }) => `${method} ${path.split('?')[0]}`);

test('a list may leave out whether it goes on, and have entries of another kind', async () => {
  const odd = [null, { id: 'x' }, { ...file(2, 'key-1.jsonl'), created_at: 'today' }];
  const { provider, requests } = await startStub(({ method }, response) =>
    sendJson(response, method === 'GET' ? { data: [file(1, 'key-1.jsonl'), ...odd] } : {}),
  );
  await provider.deleteLeftovers(new Set(['key-1']), 0);
  // A service that ignores the cursor gives the same page again.
  expect(pathsOf(requests)).toEqual([
    'GET /v1/files',
    'GET /v1/files',
    'DELETE /v1/files/file-1',
    'DELETE /v1/files/file-2',
  ]);
});

test('a list may page by a cursor of its own', async () => {
  const pages = [
    { data: [file(1, 'other.jsonl')], paging: { next_cursor: 'more' } },
    { data: [file(2, 'key-1.jsonl')], paging: { next_cursor: null } },
  ];
  const { provider, requests } = await startStub(({ method }, response) =>
    sendJson(response, method === 'GET' ? pages.shift() : {}),
  );
  await provider.deleteLeftovers(new Set(['key-1']), 0);
  expect(requests[1]?.path).toContain('cursor=more');
  expect(pathsOf(requests).at(-1)).toBe('DELETE /v1/files/file-2');
});

test('a list with the oldest first is read to its end', async () => {
  const aged = (id: number, created_at: number) => ({ ...file(id, 'key-1.jsonl'), created_at });
  const pages = [
    { data: [aged(1, 1), aged(2, 2)], has_more: true },
    { data: [aged(3, 5_000)], has_more: false },
  ];
  const { provider, requests } = await startStub(({ method }, response) =>
    sendJson(response, method === 'GET' ? pages.shift() : {}),
  );
  await provider.deleteLeftovers(new Set(['key-1']), 4_000_000);
  expect(pathsOf(requests).at(-1)).toBe('DELETE /v1/files/file-3');
  expect(requests).toHaveLength(3);
});
