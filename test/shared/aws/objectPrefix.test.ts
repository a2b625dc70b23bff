import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
