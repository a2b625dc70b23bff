import { expect, it } from 'vitest';
import { presigner } from '../../../shared/aws/presign.ts';
import { bucketsOnBadNetwork } from '../../support/emulatorsBuckets.ts';

const buckets = bucketsOnBadNetwork();

it('signs a URL by which anybody reads one object, which a browser saves', async () => {
  const key = 'uploads/files/ü b+c.jsonl';
  await buckets.put('bucket', key, 'abcdef');
  const url = await presigner(buckets.s3)({ bucket: 'bucket', key }, { seconds: 300 });

  const query = new URL(url).searchParams;
  expect(query.get('X-Amz-Expires')).toBe('300');
  expect(query.get('response-content-disposition')).toBe('attachment');
  // Nothing but the host is signed, so that a client may add the Range that it was asked for.
  expect(query.get('X-Amz-SignedHeaders')).toBe('host');
  expect(await (await fetch(url)).text()).toBe('abcdef');
  const part = await fetch(url, { headers: { range: 'bytes=1-3' } });
  expect([part.status, await part.text()]).toEqual([206, 'bcd']);
});
