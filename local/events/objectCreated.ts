import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { Clients } from '../emulators/emulators.ts';
import { LOCAL_ACCOUNT_ID, LOCAL_REGION } from '../template/account.ts';
import type { StackResources } from '../template/resources.ts';
import type { Rules } from './rules.ts';

/** A request that S3 has carried out. */
interface Done {
  readonly method?: string | undefined;
  /** With the query. */
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/**
 * S3's events for EventBridge: tells the rules of each object that is put, copied or completed in a
 * bucket that has them on
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html).
 */
export function objectEvents(
  buckets: StackResources['buckets'],
  { s3 }: Pick<Clients, 's3'>,
  rules: Rules,
): (done: Done) => Promise<void> {
  const telling = new Map(
    buckets.filter(({ tellsEventBridge }) => tellsEventBridge).map(({ name, arn }) => [name, arn]),
  );
  return async (done) => {
    const reason = reasonOf(done);
    const { bucket, key } = objectOf(done);
    const arn = telling.get(bucket);
    if (reason === undefined || arn === undefined || key === '') return;
    // It may be gone again, or never have come about: then there is nothing to tell.
    const head = await s3
      .send(new HeadObjectCommand({ Bucket: bucket, Key: key }))
      .catch(() => undefined);
    if (head === undefined) return;
    const etag = head.ETag?.replaceAll('"', '');
    await rules.deliver('default', {
      version: '0',
      id: randomUUID(),
      'detail-type': 'Object Created',
      source: 'aws.s3',
      account: LOCAL_ACCOUNT_ID,
      time: new Date().toISOString().replace(/\.\d+/, ''),
      region: LOCAL_REGION,
      resources: [arn],
      detail: {
        version: '0',
        bucket: { name: bucket },
        object: { key, size: head.ContentLength, etag, sequencer: Date.now().toString(16) },
        reason,
      },
    });
  };
}

/** Undefined for a request that makes no object, such as one that uploads a part. */
function reasonOf({ method, url = '', headers }: Done): string | undefined {
  const { searchParams: query } = new URL(url, 'http://localhost');
  if (method === 'POST') return query.has('uploadId') ? 'CompleteMultipartUpload' : undefined;
  // Whatever else a query names is a part or a property of an object; SDKs add the operation.
  const isWhole = [...query.keys()].every((name) => name === 'x-id');
  if (method !== 'PUT' || !isWhole) return undefined;
  return headers['x-amz-copy-source'] === undefined ? 'PutObject' : 'CopyObject';
}

/** Events hold the key itself, not as URLs have it. */
function objectOf({ url = '' }: Done): { bucket: string; key: string } {
  const [path = ''] = url.split('?');
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
  return { bucket, key: decodeURIComponent(key) };
}
