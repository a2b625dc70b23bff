import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectRest } from '../../../../shared/providers/google/rest.ts';
import { bearing } from '../../../../shared/providers/vertex/credential.ts';
import { resumableUpload } from '../../../../shared/providers/vertex/store.ts';
import { startVertex } from './world.ts';

type World = Awaited<ReturnType<typeof startVertex>>;

const MEBIBYTE = 1024 * 1024;
const TOKEN = `ya29.simulator-${Date.now() + 60 * 60 * 1000}`;
const PUT = { method: 'PUT', path: /^\/upload\/storage\// } as const;

let world: World;
let directory: string;
beforeEach(async () => {
  world = await startVertex({}, {});
  directory = await mkdtemp(join(tmpdir(), 'upload-test-'));
});
afterEach(async () => {
  await world.close();
  await rm(directory, { recursive: true, force: true });
});

async function upload(bytes: number): Promise<unknown> {
  const path = join(directory, 'file');
  const content = Buffer.alloc(bytes, '0123456789');
  await writeFile(path, content);
  const google = connectRest(bearing(async () => TOKEN));
  const host = `${world.url}/upload/storage/v1/b/a-bucket/o`;
  const start = { method: 'POST', url: `${host}?uploadType=resumable&name=an-object` } as const;
  const answer = await resumableUpload(google, start, { path, bytes });
  const url = `${world.url}/storage/v1/b/a-bucket/o/an-object?alt=media`;
  const stored = await (await google.open({ method: 'GET', url })).arrayBuffer();
  expect(Buffer.from(stored).equals(content)).toBe(true);
  return answer;
}

describe('resumableUpload', () => {
  test.each([0, 1, 8 * MEBIBYTE, 8 * MEBIBYTE + 1, 20 * MEBIBYTE])(
    'uploads %i bytes as they are',
    async (bytes) => {
      expect(await upload(bytes)).toMatchObject({ name: 'an-object', size: String(bytes) });
    },
  );

  test.each([
    ['refused a moment', { kind: 'status', status: 503 }],
    ['reset', { kind: 'reset' }],
    ['taken, but its answer is lost', { kind: 'lost' }],
    ['taken, but its answer is cut', { kind: 'cut', afterBytes: 3 }],
  ] as const)('continues when a chunk is %s', async (_name, fault) => {
    world.inject({ ...PUT, fault });
    expect(await upload(20 * MEBIBYTE)).toMatchObject({ name: 'an-object' });
  });

  test('the last answer is fetched again if it was lost', async () => {
    world.inject({ ...PUT, fault: { kind: 'lost' } });
    expect(await upload(MEBIBYTE)).toMatchObject({ name: 'an-object' });
    const { events } = await world.journal();
    expect(events.filter(({ event }) => event === 'uploaded')).toHaveLength(1);
  });

  test.each([404, 410])('a session that ends with %i is transient', async (status) => {
    world.inject({ ...PUT, fault: { kind: 'status', status } });
    await expect(upload(MEBIBYTE)).rejects.toMatchObject({ kind: 'transient' });
  });
});

describe('the host of the chunks', () => {
  const file = { path: import.meta.filename, bytes: 1 };
  const startingAt = (location: string | undefined) => {
    const calls: string[] = [];
    const google = {
      ...connectRest(bearing(async () => TOKEN)),
      open: async ({ url }: { url: string }) => {
        calls.push(url);
        return new Response('{}', { status: 200, headers: location ? { location } : {} });
      },
    };
    const start = { method: 'POST', url: 'https://storage.googleapis.com/upload' } as const;
    return { calls, done: resumableUpload(google, start, file) };
  };

  test.each([
    'https://storage.googleapis.com/upload?upload_id=1',
    'https://www.googleapis.com/upload?upload_id=1',
  ])('%s is Google', async (location) => {
    const { calls, done } = startingAt(location);
    await done;
    expect(calls[1]).toBe(location);
  });

  test.each([
    undefined,
    'https://storage.googleapis.com.example.com/upload',
    'http://storage.googleapis.com/upload',
    'https://googleapis.com.evil/upload',
  ])('%s is not', async (location) => {
    const { calls, done } = startingAt(location);
    const outcome = await done.then(
      () => 'done',
      (error) => error.kind,
    );
    if (location === undefined) expect(calls[1]).toBe('https://storage.googleapis.com/upload');
    else expect([outcome, calls.length]).toEqual(['transient', 1]);
  });
});
