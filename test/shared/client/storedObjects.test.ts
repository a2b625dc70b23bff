import { expect, it } from 'vitest';
import { ownObject } from '../../../shared/batch/ids.ts';
import { storedObjects } from '../../../shared/client/storedObjects.ts';
import { MemoryBucket } from '../../../simulators/memory/bucket.ts';
import { all } from '../../support/streams.ts';

async function* chunks(...texts: readonly string[]) {
  for (const text of texts) yield Buffer.from(text);
}

it('a client writes and reads through the object store of the handler, under its prefix', async () => {
  const bucket = new MemoryBucket('mine', 'team/');
  const objects = storedObjects(bucket.store());
  const written: number[] = [];

  await objects.upload('a.jsonl', chunks('one\n', 'two\n'), {
    onProgress: (bytes) => written.push(bytes),
  });

  expect([...bucket.objects.keys()]).toEqual(['team/a.jsonl']);
  expect(written).toEqual([4, 8]);
  const object = ownObject(objects, 'a.jsonl');
  expect(Buffer.concat(await all(objects.read(object))).toString()).toBe('one\ntwo\n');
  const part = objects.read(object, { start: 2, end: 6 });
  expect(Buffer.concat(await all(part)).toString()).toBe('e\ntw');
  expect(await objects.head(object)).toMatchObject({ bytes: 8 });
  expect(objects.locationOf(object)).toBe('s3://mine/team/a.jsonl');
});

it.each([
  ['another bucket', { bucket: 'other', key: 'team/a.jsonl' }],
  ['outside of the prefix', { bucket: 'mine', key: 'elsewhere/a.jsonl' }],
])('an object of %s is not read', (_, object) => {
  const objects = storedObjects(new MemoryBucket('mine', 'team/').store());
  expect(() => objects.read(object)).toThrow(/is none of the handler's objects/);
});

it('an upload that is stopped or fails leaves nothing, and gives the reason', async () => {
  const bucket = new MemoryBucket();
  const objects = storedObjects(bucket.store());
  const stopped = new AbortController();
  async function* stopping() {
    yield Buffer.from('one');
    stopped.abort(new Error('no more'));
    yield Buffer.from('two');
  }
  async function* failing() {
    yield Buffer.from('one');
    throw new Error('the disk failed');
  }

  const { signal } = stopped;
  await expect(objects.upload('a', stopping(), { signal })).rejects.toThrow('no more');
  await expect(objects.upload('b', failing())).rejects.toThrow('the disk failed');
  await expect(objects.upload('c', chunks('x'), { signal })).rejects.toThrow('no more');
  expect(bucket.objects.size).toBe(0);
});
