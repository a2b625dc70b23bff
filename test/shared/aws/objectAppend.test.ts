import { expect, test } from 'vitest';
import { fileKey, uploadPartKey } from '../../../shared/batch/ids.ts';
import { startAssembly, type Upload } from '../../../shared/batch/upload.ts';
import { assemble } from '../../../shared/usecases/work/assemble.ts';
import {
  bucketsOnBadNetwork,
  bytesOf,
  digest,
  MB,
  s3Error,
} from '../../support/emulatorsBuckets.ts';
import { NOW } from '../../support/given.ts';
import { world } from '../../support/world.ts';

const buckets = bucketsOnBadNetwork();

async function stored(key: string, bytes: Buffer) {
  const writer = buckets.store.writer(key);
  await writer.write(bytes);
  await writer.close();
  const head = await buckets.store.head({ bucket: 'bucket', key });
  return { key, bytes: bytes.length, etag: head?.etag ?? '' };
}

/** The ranges that the store was asked to copy since then, and how many bytes went through this process. */
function trafficSince(first: number) {
  const headers = buckets.received.slice(first).map(({ headers }) => headers);
  return {
    copied: headers.flatMap((each) => each['x-amz-copy-source-range'] ?? []),
    uploaded: headers
      .filter((each) => each['x-amz-copy-source'] === undefined)
      .reduce(
        (sum, each) =>
          sum + Number(each['x-amz-decoded-content-length'] ?? each['content-length'] ?? 0),
        0,
      ),
  };
}

const range = (start: number, end: number) => `bytes=${start}-${end - 1}`;
const MIN = 5 * 1024 * 1024;

test.each([
  ['large ones alone', [6, 7, 6], 3],
  ['small ones alone, as through a Function URL', [4, 4, 4, 4, 4], 0],
  ['a small one before a large one', [1, 20], 1],
  ['a large one before small ones', [20, 1, 1], 1],
  ['small and large ones by turns', [3, 6, 4, 20, 1, 12, 2], 2],
  ['empty ones', [0, 6, 0, 1, 0], 1],
])('objects that are appended follow each other whole: %s', async (name, sizes, copies) => {
  const sources: { key: string; bytes: number; etag: string }[] = [];
  const all: Buffer[] = [];
  for (const [index, size] of sizes.entries()) {
    const bytes = bytesOf(size * MB).map((byte) => byte ^ index) as Buffer;
    all.push(Buffer.from(bytes));
    sources.push(await stored(`${name}/${index} +ü`, Buffer.from(bytes)));
  }
  const first = buckets.received.length;

  const writer = buckets.store.writer(`${name}/all`);
  for (const source of sources) await writer.append(source);
  await writer.close();

  expect(trafficSince(first).copied).toHaveLength(copies);
  expect(digest(await buckets.readAll(`${name}/all`))).toBe(digest(Buffer.concat(all)));
});

test('a large object after a small one gives it what a part of its own lacks, and is copied from there', async () => {
  const small = await stored('small', bytesOf(MB));
  const large = await stored('large', bytesOf(20 * MB));
  const first = buckets.received.length;

  const writer = buckets.store.writer('both');
  await writer.append(small);
  await writer.append(large);
  await writer.close();

  const { copied, uploaded } = trafficSince(first);
  expect(copied).toEqual([range(MIN - MB, 20 * MB)]);
  expect(uploaded).toBeLessThan(MIN + 10_000);
  const copy = buckets.received.find(({ headers }) => headers['x-amz-copy-source-range']);
  expect(copy?.headers).toMatchObject({
    'x-amz-copy-source': 'bucket/large',
    'x-amz-copy-source-if-match': large.etag,
  });
});

test('what was written and what is appended follow each other', async () => {
  const source = await stored('between', bytesOf(7 * MB));
  const writer = buckets.store.writer('written');
  await writer.write(bytesOf(9 * MB));
  await writer.append(source);
  await writer.write(Buffer.from('end'));
  await writer.close();
  const expected = Buffer.concat([bytesOf(9 * MB), bytesOf(7 * MB), Buffer.from('end')]);
  expect(digest(await buckets.readAll('written'))).toBe(digest(expected));
});

test.each([
  [412, 'PreconditionFailed'],
  [404, 'NoSuchKey'],
  [403, 'AccessDenied'],
  [200, 'InternalError'],
])(
  'a copy that S3 answers with %i %s is an error, and the object does not appear',
  async (status, code) => {
    const source = await stored('source', bytesOf(6 * MB));
    buckets.decide = ({ headers }) =>
      headers['x-amz-copy-source'] ? s3Error(status, code) : 'forward';
    const writer = buckets.store.writer('never');
    await expect(writer.append(source)).rejects.toThrow();
    await writer.abort();
    expect(await buckets.store.head({ bucket: 'bucket', key: 'never' })).toBeUndefined();
  },
);

test('the parts of an upload become a file without their bytes passing through, unless an MD5 is asked for', async () => {
  const uploadId = `upload_${'copied'.padEnd(24, '0')}`;
  const partIds = ['a', 'b'].map((name) => `part_${name.padEnd(24, '0')}`);
  for (const partId of partIds) await stored(uploadPartKey(uploadId, partId), bytesOf(6 * MB));
  const w = world();
  const upload: Upload = {
    ...{ uploadId, version: 0, filename: 'f.jsonl', purpose: 'batch', mimeType: 'text/jsonl' },
    ...{ bytes: 12 * MB, createdAt: NOW, expiresAt: NOW + 3_600_000, status: 'pending' },
  };
  await w.uploads.create(upload);
  const assembling = startAssembly(upload, { partIds });
  if (assembling) await w.uploads.replace(assembling);
  const first = buckets.received.length;

  const ports = { ...w.dependencies, objects: buckets.store };
  await assemble(ports, { action: 'assemble', uploadId }, NOW + 900_000);

  const { copied, uploaded } = trafficSince(first);
  expect(copied).toEqual([range(0, 6 * MB), range(0, 6 * MB)]);
  expect(uploaded).toBeLessThan(10_000);
  const completed = await w.uploads.get(uploadId);
  expect(completed?.status).toBe('completed');
  const { fileId = '' } = completed as { fileId?: string };
  const expected = Buffer.concat([bytesOf(6 * MB), bytesOf(6 * MB)]);
  expect(digest(await buckets.readAll(fileKey(fileId)))).toBe(digest(expected));
});
