import { describe, expect, test } from 'vitest';
import { RefusedError } from '../../../shared/batch/errors.ts';
import { bucketsOnBadNetwork } from '../../support/emulatorsBuckets.ts';

const buckets = bucketsOnBadNetwork();

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RefusedError);
  const { code, message } = (error as RefusedError).reason;
  return `${code}: ${message}`;
}

describe('head', () => {
  test('returns size and ETag, or undefined if there is no object', async () => {
    await buckets.put('inputs', 'a/ü b+c.jsonl', 'abc');
    const head = await buckets.store.head({ bucket: 'inputs', key: 'a/ü b+c.jsonl' });
    expect(head).toEqual({ bytes: 3, etag: expect.stringMatching(/^".+"$/) });
    expect(await buckets.store.head({ bucket: 'inputs', key: 'none' })).toBeUndefined();
  });

  test('refuses a bucket that was not named, without a call', async () => {
    const text = await refusal(buckets.store.head({ bucket: 'other', key: 'k' }));
    expect(text).toContain('bucket_not_allowed: s3://other/k is in bucket other');
    expect(text).toContain('use bucket or inputs');
    expect(buckets.received).toEqual([]);
  });

  test.each([
    [403, 's3:GetObject'],
    [301, 'another region'],
  ])('refuses what S3 answers %i to, with the fix', async (status, fix) => {
    buckets.decide = () => ({ status });
    const text = await refusal(buckets.store.head({ bucket: 'inputs', key: 'k' }));
    expect(text).toContain(`s3://inputs/k with status ${status}`);
    expect(text).toContain(fix);
  });

  test('refuses a key that S3 cannot have', async () => {
    const text = await refusal(buckets.store.head({ bucket: 'inputs', key: 'ü'.repeat(600) }));
    expect(text).toContain('key_too_long');
  });

  test('throws a temporary failure', async () => {
    buckets.decide = () => ({ status: 400 });
    const error = await buckets.store
      .head({ bucket: 'inputs', key: 'k' })
      .catch((reason) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(RefusedError);
  });
});
