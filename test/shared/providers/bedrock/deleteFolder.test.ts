import { S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { deleteFolder } from '../../../../shared/providers/bedrock/jobs.ts';
import { clientSettings } from '../../../support/emulators.ts';
import { startProxy } from '../../../support/emulatorsProxy.ts';
import { expectRefusal, KEY } from '../steps.ts';

const PAGES = [
  `<ListBucketResult><KeyCount>1</KeyCount><IsTruncated>true</IsTruncated>
    <Contents><Key>provider-files/${KEY}/input.jsonl</Key>
    <LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>
    <NextContinuationToken>more</NextContinuationToken></ListBucketResult>`,
  `<ListBucketResult><KeyCount>1</KeyCount>
    <Contents><Key>provider-files/${KEY}/output/a</Key>
    <LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents></ListBucketResult>`,
];

async function deleteWith(answers: readonly string[]): Promise<string[]> {
  const pages = [...answers];
  const proxy = await startProxy(undefined, ({ method }) => {
    const headers = { 'content-type': 'application/xml' };
    return method === 'DELETE'
      ? { status: 204 }
      : { status: 200, headers, body: pages.shift() ?? '' };
  });
  const s3 = new S3Client({ ...clientSettings(proxy.url), forcePathStyle: true });
  try {
    await deleteFolder(s3, { bucket: 'bucket' }, KEY, 0);
    return proxy.received.map(({ method, path }) => `${method} ${path.split('?')[0]}`);
  } finally {
    s3.destroy();
    await proxy.close();
  }
}

test('reads all pages of the listing', async () => {
  expect(await deleteWith(PAGES)).toEqual([
    'GET /bucket/',
    `DELETE /bucket/provider-files/${KEY}/input.jsonl`,
    'GET /bucket/',
    `DELETE /bucket/provider-files/${KEY}/output/a`,
  ]);
});

test.each(['<html><body>Sign in</body></html>', '<Result/>', ''])(
  'a page that is no listing throws: %s',
  async (page) => {
    await expectRefusal(deleteWith([page]), 'transient');
  },
);
