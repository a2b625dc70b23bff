import { SQSClient } from '@aws-sdk/client-sqs';
import { type AwsAccess, bounds } from './base.ts';

/** For calls that answer at once: a receive that polls for long would need a longer bound. */
export function sqsClient(access: AwsAccess = {}): SQSClient {
  return new SQSClient({
    ...bounds({ requestTimeoutMs: 10_000, idleTimeoutMs: 10_000 }),
    ...access,
  });
}
