import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { Clients } from '../emulators/emulators.ts';
import { LOCAL_ACCOUNT_ID, LOCAL_REGION } from '../template/account.ts';
import type { StackResources } from '../template/resources.ts';
import type { Rules } from './rules.ts';

/** A request that the S3 emulator has carried out. */
interface CompletedRequest {
  readonly method?: string | undefined;
  /** The path with the query. */
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Publishes S3's `Object Created` events for the buckets that send them to EventBridge:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 */
export function objectEvents(
  buckets: StackResources['buckets'],
  { s3 }: Pick<Clients, 's3'>,
  rules: Rules,
): (done: CompletedRequest) => Promise<void> {
  const bucketArns = new Map(
    buckets
      .filter(({ notifiesEventBridge }) => notifiesEventBridge)
      .map(({ name, arn }) => [name, arn]),
  );
  return async (done) => {
    const reason = reasonOf(done);
    const { bucket, key } = locationOf(done);
    const arn = bucketArns.get(bucket);
    if (reason === undefined || arn === undefined || key === '') return;
    // There is no event for an object that does not exist or has been deleted already.
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

/** Returns undefined for a request that creates no object, such as the upload of a part. */
function reasonOf({ method, url = '', headers }: CompletedRequest): string | undefined {
  const { searchParams: query } = new URL(url, 'http://localhost');
  if (method === 'POST') return query.has('uploadId') ? 'CompleteMultipartUpload' : undefined;
  // SDKs add `x-id`. Any other parameter means a part or a property of an object.
  const isWhole = [...query.keys()].every((name) => name === 'x-id');
  if (method !== 'PUT' || !isWhole) return undefined;
  return headers['x-amz-copy-source'] === undefined ? 'PutObject' : 'CopyObject';
}

/** The bucket and the key of a request. Events contain the decoded key. */
function locationOf({ url = '' }: CompletedRequest): { bucket: string; key: string } {
  const [path = ''] = url.split('?');
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
  return { bucket, key: decodeURIComponent(key) };
}
