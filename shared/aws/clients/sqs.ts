import { SQSClient } from '@aws-sdk/client-sqs';
import { type AwsAccess, bounds } from './base.ts';

/** For calls that return at once: a receive with long polling would need longer timeouts. */
export function sqsClient(access: AwsAccess = {}): SQSClient {
  return new SQSClient({
    ...bounds({ requestTimeoutMs: 10_000, idleTimeoutMs: 10_000 }),
    ...access,
  });
}
