import { describe, expect, test } from 'vitest';
import {
  bucketsOnBadNetwork,
  bytesOf,
  digest,
  MB,
  s3Error,
} from '../../support/emulatorsBuckets.ts';
import { times } from '../../support/emulatorsProxy.ts';

const buckets = bucketsOnBadNetwork();

describe('read', () => {
  const bytes = bytesOf(3 * MB);

  test('resumes where the connection was cut', async () => {
    // Prepare
    await buckets.put('bucket', 'read/cut', bytes);
    buckets.decide = times(3, { cutAfter: 500_000 });
    // Act
    const read = await buckets.readAll('read/cut');
    // Assess
    expect(digest(read)).toBe(digest(bytes));
    const rest = buckets.received.slice(1).map(({ headers }) => headers);
    expect(rest).toHaveLength(3);
    expect(rest.every((headers) => headers['if-match'] !== undefined)).toBe(true);
    expect(rest.every((headers) => headers.range !== 'bytes=0-')).toBe(true);
  });

  test('throws, naming the byte, when it gets no further', async () => {
    // Prepare
    await buckets.put('bucket', 'read/stuck', bytes);
    buckets.decide = ({ headers }) => ({ cutAfter: headers.range ? 0 : 500_000 });
    // Act and assess
    await expect(buckets.readAll('read/stuck')).rejects.toThrow(
      /s3:\/\/bucket\/read\/stuck broke off at byte \d+ of 3145728/,
    );
    expect(buckets.received).toHaveLength(4);
  });

  test('never mixes two objects', async () => {
    // Prepare
    await buckets.put('bucket', 'read/replaced', bytes);
    buckets.decide = ({ headers }) =>
      headers['if-match'] ? s3Error(412, 'PreconditionFailed') : { cutAfter: 500_000 };
    // Act and assess
    await expect(buckets.readAll('read/replaced')).rejects.toThrow();
  });

  test('retries when S3 asks to slow down', async () => {
    await buckets.put('bucket', 'read/slow', 'abc');
    buckets.decide = times(2, s3Error(503, 'SlowDown'));
    expect(String(await buckets.readAll('read/slow'))).toBe('abc');
  });
});
