import { describe, expect, test } from 'vitest';
import { RefusedError } from '../../../shared/batch/errors.ts';
import {
  bucketsOnBadNetwork,
  bytesOf,
  digest,
  MB,
  s3Error,
} from '../../support/emulatorsBuckets.ts';

const buckets = bucketsOnBadNetwork();

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RefusedError);
  const { code, message } = (error as RefusedError).reason;
  return `${code}: ${message}`;
}

describe('copy', () => {
  async function sourceOf(key: string, body: Buffer | string) {
    await buckets.put('inputs', key, body);
    const head = await buckets.store.head({ bucket: 'inputs', key });
    return { bucket: 'inputs', key, etag: head?.etag ?? '' };
  }

  test('copies an object with an odd key, under the condition that it is still the same', async () => {
    // Prepare
    const source = await sourceOf('a/ü b+c?%.jsonl', 'abc');
    // Act
    await buckets.store.copy(source, 'copies/one');
    // Assess
    expect(String(await buckets.readAll('copies/one'))).toBe('abc');
    const request = buckets.received.find(({ headers }) => headers['x-amz-copy-source']);
    expect(request?.headers).toMatchObject({
      'x-amz-copy-source': 'inputs/a/%C3%BC%20b%2Bc%3F%25.jsonl',
      'x-amz-copy-source-if-match': source.etag,
    });
  });

  test('refuses a source that was changed or deleted before', async () => {
    const source = await sourceOf('changing', 'one');
    await buckets.put('inputs', 'changing', 'two');
    expect(await refusal(buckets.store.copy(source, 'copies/two'))).toContain('source_changed');
    const gone = { ...source, key: 'gone' };
    expect(await refusal(buckets.store.copy(gone, 'copies/two'))).toContain('source_gone');
    const other = { ...source, bucket: 'other' };
    expect(await refusal(buckets.store.copy(other, 'copies/two'))).toContain('bucket_not_allowed');
    expect(await buckets.store.head({ bucket: 'bucket', key: 'copies/two' })).toBeUndefined();
  });

  test.each([
    [412, 'PreconditionFailed', 'source_changed'],
    [404, 'NoSuchKey', 'source_gone'],
    [403, 'InvalidObjectState', 'restore it'],
  ])('refuses a copy that S3 answers with %i %s', async (status, code, said) => {
    // Prepare
    const source = await sourceOf('racing', 'one');
    buckets.decide = ({ headers }) =>
      headers['x-amz-copy-source'] ? s3Error(status, code) : 'forward';
    // Act and assess
    expect(await refusal(buckets.store.copy(source, 'copies/three'))).toContain(said);
  });

  test('an error inside a successful response of S3 is an error', async () => {
    // Prepare
    const source = await sourceOf('half', 'one');
    buckets.decide = ({ headers }) =>
      headers['x-amz-copy-source'] ? s3Error(200, 'AccessForbidden') : 'forward';
    // Act and assess
    await expect(buckets.store.copy(source, 'copies/four')).rejects.toThrow();
  });

  test('copies a large object in parts', async () => {
    // Prepare
    const bytes = bytesOf(11 * MB - 3);
    const writer = buckets.store.writer('large-source');
    await writer.write(bytes);
    const { etag } = await writer.close();
    // Act
    await buckets
      .copyingInParts()
      .copy({ bucket: 'bucket', key: 'large-source', etag }, 'copies/large');
    // Assess
    expect(digest(await buckets.readAll('copies/large'))).toBe(digest(bytes));
    const parts = buckets.received.filter(({ headers }) => headers['x-amz-copy-source-range']);
    expect(parts.map(({ headers }) => headers['x-amz-copy-source-if-match'])).toEqual(
      Array(3).fill(etag),
    );
  });

  test('leaves nothing behind when a copy in parts fails', async () => {
    // Prepare
    const writer = buckets.store.writer('large-source-2');
    await writer.write(bytesOf(11 * MB));
    const { etag } = await writer.close();
    let parts = 0;
    buckets.decide = ({ headers }) =>
      headers['x-amz-copy-source-range'] && ++parts === 2
        ? s3Error(412, 'PreconditionFailed')
        : 'forward';
    const copying = buckets
      .copyingInParts()
      .copy({ bucket: 'bucket', key: 'large-source-2', etag }, 'copies/failed');
    // Act and assess
    expect(await refusal(copying)).toContain('source_changed');
    expect(await buckets.store.head({ bucket: 'bucket', key: 'copies/failed' })).toBeUndefined();
    const aborts = buckets.received.filter(({ method }) => method === 'DELETE');
    expect(aborts).toHaveLength(1);
  });
});
