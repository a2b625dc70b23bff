import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fileObjects } from '../../../inProcess/fileObjects.ts';
import { fileKey, uploadPartKey } from '../../../shared/batch/ids.ts';
import type { ObjectStore } from '../../../shared/batch/ports.ts';
import {
  type Completion,
  isSameCompletion,
  startAssembly,
  type Upload,
  type UploadIn,
} from '../../../shared/batch/upload.ts';
import { acceptWork, runWork } from '../../../shared/usecases/work/work.ts';
import { watchBuffers } from '../../../testing/memoryUse.ts';
import { NOW } from '../../support/given.ts';
import { type World, world } from '../../support/world.ts';

const idOf = (prefix: string, name: string) => prefix + name.padEnd(24, '0');
const UPLOAD = idOf('upload_', 'mine');
const partId = (name: string) => idOf('part_', name);
const md5Of = (text: string) => createHash('md5').update(text).digest('hex');

async function put(objects: ObjectStore, key: string, ...chunks: readonly Buffer[]) {
  const writer = objects.writer(key);
  for (const chunk of chunks) await writer.write(chunk);
  await writer.close();
}

/** An upload with these parts, which the client has completed. */
async function uploaded(
  w: World,
  parts: Readonly<Record<string, string>>,
  {
    bytes,
    completion,
    uploadId = UPLOAD,
  }: { bytes: number; completion: Completion; uploadId?: string },
): Promise<void> {
  for (const [name, text] of Object.entries(parts))
    await put(w.objects, uploadPartKey(uploadId, partId(name)), Buffer.from(text));
  const upload: Upload = {
    ...{ uploadId, version: 0, filename: 'f.jsonl', purpose: 'batch', mimeType: 'text/jsonl' },
    ...{ bytes, createdAt: NOW, expiresAt: NOW + 3_600_000, status: 'pending' },
  };
  await w.uploads.create(upload);
  const assembling = startAssembly(upload, completion);
  if (assembling) await w.uploads.replace(assembling);
}

const completionOf = (...names: readonly string[]): Completion => ({ partIds: names.map(partId) });

/** One delivery of the message, to a worker that is killed at `deadline`. */
async function deliver(w: World, uploadId = UPLOAD, deadline = NOW + 900_000): Promise<void> {
  const body = JSON.stringify({ action: 'assemble', uploadId });
  const message = await acceptWork(w.dependencies, { body, messageId: 'm' });
  if (message) await runWork(w.dependencies, message, deadline);
}

const filesOf = ({ bucket }: World) =>
  [...bucket.objects.keys()].filter((key) => key.startsWith('uploads/files/'));

async function completedUpload(w: World): Promise<UploadIn<'completed'>> {
  const upload = await w.uploads.get(UPLOAD);
  expect(upload?.status).toBe('completed');
  return upload as UploadIn<'completed'>;
}

async function refusalOf(w: World) {
  const upload = await w.uploads.get(UPLOAD);
  return upload?.status === 'refused' ? upload.reason : upload?.status;
}

it('the parts become one file in the order of the completion, whatever order they came in', async () => {
  const w = world();
  const completion = { ...completionOf('c', 'a', 'b'), md5: md5Of('three\none\ntwo\n') };
  await uploaded(w, { b: 'two\n', a: 'one\n', c: 'three\n' }, { bytes: 14, completion });

  await deliver(w);

  const { fileId, completedAt, bytes } = await completedUpload(w);
  expect(w.bucket.text(fileKey(fileId))).toBe('three\none\ntwo\n');
  expect({ completedAt, bytes }).toEqual({ completedAt: NOW, bytes: 14 });
  expect(JSON.stringify(w.logged)).not.toContain('f.jsonl');
});

it('a message that comes again, late or for nothing changes nothing', async () => {
  const w = world();
  await uploaded(w, { a: 'one\n' }, { bytes: 4, completion: completionOf('a') });
  await deliver(w);
  const before = await completedUpload(w);
  const files = filesOf(w);

  await deliver(w);
  await deliver(w, idOf('upload_', 'nobodys'));

  expect(await completedUpload(w)).toEqual(before);
  expect(filesOf(w)).toEqual(files);
});

it('of two workers at once, one names the file, and the file of the other is removed', async () => {
  const w = world();
  await uploaded(w, { a: 'one\n' }, { bytes: 4, completion: completionOf('a') });

  await Promise.all([deliver(w), deliver(w)]);

  const { fileId } = await completedUpload(w);
  expect(filesOf(w)).toEqual([fileKey(fileId)]);
});

const partsOf = ({ bucket }: World) =>
  [...bucket.objects.keys()].filter((key) => key.startsWith('uploads/parts/'));

it('parts are removed once they are a file, also after a worker that could not or died', async () => {
  const w = world();
  await uploaded(w, { a: 'one\n', b: 'two\n' }, { bytes: 8, completion: completionOf('a', 'b') });
  const { remove } = w.objects;
  w.dependencies.objects.remove = async () => Promise.reject(new Error('no removals today'));
  await deliver(w);
  const { fileId } = await completedUpload(w);
  expect(partsOf(w)).toHaveLength(2);
  expect(w.logged.join('\n')).toContain('no removals today');

  Object.assign(w.dependencies.objects, { remove });
  await deliver(w);

  expect(partsOf(w)).toEqual([]);
  expect(w.bucket.text(fileKey(fileId))).toBe('one\ntwo\n');
});

it('parts that were refused stay, for the next completion', async () => {
  const w = world();
  await uploaded(w, { a: 'one\n', b: 'two\n' }, { bytes: 8, completion: completionOf('a') });
  await deliver(w);
  expect(partsOf(w)).toHaveLength(2);
});

it('a worker that finds the parts gone after another has finished refuses nothing', async () => {
  const w = world();
  await uploaded(w, { a: 'one\n' }, { bytes: 4, completion: completionOf('a') });
  const { head } = w.objects;
  let heads = 0;
  w.dependencies.objects.head = async (object) => {
    if (++heads > 1) return head(object);
    // The other worker does it all, and the part expires.
    await deliver(w);
    w.bucket.objects.delete(object.key);
    return head(object);
  };

  await deliver(w);

  expect((await completedUpload(w)).completion).toEqual(completionOf('a'));
});

it.each([
  ['a part that was never added', ['a', 'x'], 8, /has no part part_x0+: add the part/],
  ['a part of another upload', ['a', 'foreign'], 8, /has no part part_foreign0+/],
  ['too few parts', ['a'], 8, /have 4 bytes together, and the upload was created for 8/],
  ['a part twice', ['a', 'a', 'b'], 8, /have 12 bytes together/],
])('%s is refused, with the reason, and no file is left', async (_name, names, bytes, message) => {
  const w = world();
  const foreign = idOf('upload_', 'other');
  await put(w.objects, uploadPartKey(foreign, partId('foreign')), Buffer.from('its\n'));
  const completion = completionOf(...names);
  await uploaded(w, { a: 'one\n', b: 'two\n' }, { bytes, completion });

  await deliver(w);

  expect(await refusalOf(w)).toMatchObject({ message: expect.stringMatching(message) });
  expect(filesOf(w)).toEqual([]);
});

it('parts in another order than the checksum says are refused, and can be completed again', async () => {
  const w = world();
  const completion = { ...completionOf('b', 'a'), md5: md5Of('one\ntwo\n') };
  await uploaded(w, { a: 'one\n', b: 'two\n' }, { bytes: 8, completion });
  await deliver(w);
  expect(await refusalOf(w)).toMatchObject({ code: 'upload_checksum_mismatch' });
  expect(filesOf(w)).toEqual([]);

  const refused = await w.uploads.get(UPLOAD);
  const again = refused && startAssembly(refused, { ...completion, ...completionOf('a', 'b') });
  if (again) await w.uploads.replace(again);
  await deliver(w);

  expect(w.bucket.text(fileKey((await completedUpload(w)).fileId))).toBe('one\ntwo\n');
});

it('a worker that runs out of time leaves the upload to the next one, without half a file', async () => {
  const w = world();
  await uploaded(w, { a: 'one\n', b: 'two\n' }, { bytes: 8, completion: completionOf('a', 'b') });
  const { read } = w.objects;
  w.dependencies.objects.read = async function* (key) {
    w.advance(60);
    yield* read(key);
  };

  await expect(deliver(w, UPLOAD, NOW + 100_000)).rejects.toThrow('ran out of time');
  expect(filesOf(w)).toEqual([]);
  w.dependencies.objects.read = read;
  await deliver(w);

  expect(w.bucket.text(fileKey((await completedUpload(w)).fileId))).toBe('one\ntwo\n');
});

it('a cancelled upload is left alone', async () => {
  const w = world();
  await uploaded(w, { a: 'one\n' }, { bytes: 4, completion: completionOf('a') });
  const found = await w.uploads.get(UPLOAD);
  if (!found) throw new Error('there is no upload');
  const { uploadId, version, filename, purpose, mimeType, bytes, createdAt, expiresAt } = found;
  await w.uploads.replace({
    ...{ uploadId, version: version + 1, filename, purpose, mimeType, bytes },
    ...{ createdAt, expiresAt, status: 'cancelled' },
  });

  await deliver(w);

  expect(await refusalOf(w)).toBe('cancelled');
  expect(filesOf(w)).toEqual([]);
});

it('an upload takes no completion while it is put together and after its end', async () => {
  const w = world();
  await uploaded(w, { a: 'one\n' }, { bytes: 4, completion: completionOf('a') });
  const assembling = await w.uploads.get(UPLOAD);
  await deliver(w);
  const done = await w.uploads.get(UPLOAD);

  const taken = [assembling, done].map((each) => each && startAssembly(each, completionOf('a')));

  expect(taken).toEqual([undefined, undefined]);
  expect(isSameCompletion(completionOf('a', 'b'), completionOf('a', 'b'))).toBe(true);
  expect(isSameCompletion(completionOf('a', 'b'), completionOf('b', 'a'))).toBe(false);
  expect(isSameCompletion(completionOf('a'), { ...completionOf('a'), md5: '' })).toBe(false);
});

it('a message with an id that could name another object goes to the dead-letter queue', async () => {
  const w = world();

  await deliver(w, '../batches/b1');

  expect(w.deadLetters).toMatchObject([{ reason: expect.stringContaining('uploadId') }]);
});

it('200 MB are put together without holding them in memory', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'assemble-'));
  try {
    const PART_MB = 4;
    const PARTS = 50;
    const w = world();
    const objects = fileObjects(directory);
    const part = Buffer.alloc(PART_MB * 1024 * 1024, 'x');
    const names = Array.from({ length: PARTS }, (_, index) => String(index));
    for (const name of names) await put(objects, uploadPartKey(UPLOAD, partId(name)), part);
    const bytes = PARTS * part.length;
    await uploaded(w, {}, { bytes, completion: completionOf(...names) });
    const growth = watchBuffers();
    let most = 0;
    let read = 0;
    Object.assign(w.dependencies, {
      objects: {
        ...objects,
        async *read(key: string) {
          if (++read % 10 === 0) most = Math.max(most, growth());
          yield* objects.read(key);
        },
      },
    });

    await deliver(w);

    const { fileId } = await completedUpload(w);
    expect(await objects.bytesOf(fileKey(fileId))).toBe(bytes);
    // Buffers that are free and not yet collected count, too.
    expect(most).toBeLessThan(24);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
