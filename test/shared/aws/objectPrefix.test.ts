import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { realClientObjects } from '../../../shared/aws/clientObjects.ts';
import { realObjectStore } from '../../../shared/aws/objectStore.ts';
import { ownObject } from '../../../shared/batch/ids.ts';
import { type Emulators, startEmulators } from '../../support/emulators.ts';

let emulators: Emulators;
beforeAll(async () => {
  emulators = await startEmulators();
  await emulators.createBucket('shared');
});
afterAll(() => emulators.stop());

test('a store with a prefix writes, reads and copies below it, and finds objects by whole keys', async () => {
  const names = { bucket: 'shared', prefix: 'team/', inputBuckets: [] };
  const store = realObjectStore(emulators.s3, names);
  const writer = store.writer('uploads/a.jsonl');
  await writer.write(Buffer.from('line\n'));
  const { etag } = await writer.close();

  await store.copy({ ...ownObject(store, 'uploads/a.jsonl'), etag }, 'batches/a.jsonl');

  const chunks: Uint8Array[] = [];
  for await (const chunk of store.read('batches/a.jsonl')) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe('line\n');
  expect(await store.head({ bucket: 'shared', key: 'team/batches/a.jsonl' })).toMatchObject({
    bytes: 5,
  });
  expect(await store.head({ bucket: 'shared', key: 'batches/a.jsonl' })).toBeUndefined();
  const command = new HeadObjectCommand({ Bucket: 'shared', Key: 'team/uploads/a.jsonl' });
  expect((await emulators.s3.send(command)).ContentLength).toBe(5);
});

test('a client reads a range of an object', async () => {
  const objects = realClientObjects(emulators.s3, { bucket: 'shared', prefix: 'team/' });
  await objects.upload('ranges.jsonl', Readable.from([Buffer.from('0123456789')]));
  const chunks = objects.read(ownObject(objects, 'ranges.jsonl'), { start: 3, end: 7 });
  expect(await text(chunks)).toBe('3456');
});
