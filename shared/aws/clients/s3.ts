import { S3Client } from '@aws-sdk/client-s3';
import { type AwsAccess, bounds } from './base.ts';

/**
 * The bucket's client. The duration of a copy, a part or a body depends on its size, so only silence
 * has a timeout: S3 sends spaces while it copies or completes.
 */
export function s3Client(access: AwsAccess = {}): S3Client {
  return new S3Client({ ...bounds({ requestTimeoutMs: 0, idleTimeoutMs: 60_000 }), ...access });
}
