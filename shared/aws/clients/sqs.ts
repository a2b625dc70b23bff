import { SQSClient } from '@aws-sdk/client-sqs';
import { bounds } from './bounds.ts';

/** For sending only: a receive that polls for long would need a longer bound. */
export function sqsClient(): SQSClient {
  return new SQSClient(bounds({ requestTimeoutMs: 10_000, idleTimeoutMs: 10_000 }));
}
