import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import {
  bucketsOnBadNetwork,
  bytesOf,
  digest,
  MB,
  s3Error,
} from '../../support/emulatorsBuckets.ts';
import { type Answer, times } from '../../support/emulatorsProxy.ts';

const buckets = bucketsOnBadNetwork();

describe('write', () => {
  const requestsOf = (text: string) => buckets.received.filter(({ path }) => path.includes(text));

  test('a small object is one call; an empty one too', async () => {
    // Prepare
    const writer = buckets.store.writer('write/small');
    // Act
    await writer.write(Buffer.from('ab'));
    await writer.write(Buffer.from('c'));
    const { etag } = await writer.close();
    await buckets.store.writer('write/empty').close();
    // Assess
    expect(buckets.received.map(({ method }) => method)).toEqual(['PUT', 'PUT']);
    expect(await buckets.store.head({ bucket: 'bucket', key: 'write/small' })).toEqual({
      bytes: 3,
      etag,
    });
    expect(await buckets.readAll('write/empty')).toHaveLength(0);
  });

  test('30 MB go in parts of 8 MiB, whatever the size of the chunks', async () => {
    // Prepare
    const bytes = bytesOf(30 * MB);
    const writer = buckets.store.writer('write/large');
    buckets.decide = times(2, s3Error(503, 'SlowDown'));
    // Act
    for (
      let offset = 0, size = 1;
      offset < bytes.length;
      offset += size, size = (size * 7) % 5_000_011
    )
      await writer.write(bytes.subarray(offset, offset + size));
    const { etag } = await writer.close();
    // Assess
    expect(requestsOf('partNumber=').map(({ body }) => body.length)).toEqual([
      8 * MB,
      8 * MB,
      8 * MB,
      6 * MB,
    ]);
    expect(await buckets.store.head({ bucket: 'bucket', key: 'write/large' })).toEqual({
      bytes: bytes.length,
      etag,
    });
    expect(digest(await buckets.readAll('write/large'))).toBe(digest(bytes));
  });

  test('one chunk may be larger than a part, and may be reused by the caller', async () => {
    const bytes = bytesOf(20 * MB);
    const expected = digest(bytes);
    const writer = buckets.store.writer('write/chunk');
    await writer.write(bytes);
    bytes.fill(0);
    await writer.close();
    expect(digest(await buckets.readAll('write/chunk'))).toBe(expected);
  });

  test('exactly one part is a single call', async () => {
    const writer = buckets.store.writer('write/exact');
    await writer.write(bytesOf(8 * MB));
    await writer.close();
    expect(buckets.received).toHaveLength(1);
  });

  test('buffers no more than two parts ahead of the network', async () => {
    // Prepare
    const held = Promise.withResolvers<Answer>();
    buckets.decide = ({ path }) => (path.includes('partNumber=') ? held.promise : 'forward');
    const writer = buckets.store.writer('write/held');
    const chunk = bytesOf(MB);
    let accepted = 0;
    const writing = (async () => {
      for (let i = 0; i < 40; i++, accepted++) await writer.write(chunk);
    })();
    // Act
    await expect.poll(() => requestsOf('partNumber=').length).toBe(1);
    await expect.poll(() => accepted).toBe(16);
    const before = await Promise.race([writing, new Promise((r) => setImmediate(r, 'waits'))]);
    // Assess
    expect([before, accepted]).toEqual(['waits', 16]);
    held.resolve('forward');
    await writing;
    await writer.close();
    expect(await buckets.readAll('write/held')).toHaveLength(40 * MB);
  });

  test('a part that fails makes the write or the close fail, and nothing appears', async () => {
    // Prepare
    buckets.decide = ({ path }) =>
      path.includes('partNumber=2') ? s3Error(403, 'AccessDenied') : 'forward';
    const writer = buckets.store.writer('write/failed');
    const writing = (async () => {
      for (let i = 0; i < 5; i++) await writer.write(bytesOf(8 * MB));
      await writer.close();
    })();
    // Act and assess
    await expect(writing).rejects.toThrow('no');
    await expect(writer.close()).rejects.toThrow('no');
    await writer.abort();
    await expectNothing('write/failed');
  });

  test('abort leaves nothing behind, before, between and after parts', async () => {
    for (const [i, size] of [0, 3, 8 * MB, 8 * MB + 1, 25 * MB].entries()) {
      const writer = buckets.store.writer(`write/aborted-${i}`);
      await writer.write(bytesOf(size));
      await writer.abort();
      await writer.abort();
    }
    await expectNothing('write/aborted');
  });

  test('abort waits for the part that is being uploaded', async () => {
    // Prepare
    const writer = buckets.store.writer('write/late');
    const held = Promise.withResolvers<Answer>();
    buckets.decide = ({ path }) => (path.includes('partNumber=') ? held.promise : 'forward');
    await writer.write(bytesOf(9 * MB));
    await expect.poll(() => requestsOf('partNumber=').length).toBe(1);
    // Act
    const aborting = writer.abort();
    // Round trips, in which an abort that does not wait would come through.
    for (let i = 0; i < 5; i++) await buckets.store.head({ bucket: 'bucket', key: 'write/late' });
    const early = buckets.received.filter(({ method }) => method === 'DELETE');
    held.resolve('forward');
    await aborting;
    // Assess
    expect(early).toEqual([]);
    expect(buckets.received.at(-1)?.method).toBe('DELETE');
  });

  test('abort without a network does not hide the error of the write', async () => {
    buckets.decide = () => s3Error(403, 'AccessDenied');
    const writer = buckets.store.writer('write/gone');
    await expect(writer.write(bytesOf(9 * MB))).rejects.toThrow('no');
    await writer.abort();
  });

  async function expectNothing(prefix: string): Promise<void> {
    const listed = await buckets.s3.send(
      new ListObjectsV2Command({ Bucket: 'bucket', Prefix: prefix }),
    );
    expect(listed.KeyCount).toBe(0);
    const begun = buckets.received.filter(({ path }) => /[?&]uploads/.test(path)).length;
    const aborted = buckets.received.filter(({ method }) => method === 'DELETE');
    expect(new Set(aborted.map(({ path }) => path)).size).toBe(begun);
  }
});
