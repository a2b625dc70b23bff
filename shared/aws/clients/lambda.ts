import { LambdaClient } from '@aws-sdk/client-lambda';
import { type AwsAccess, bounds } from './base.ts';

/** For asynchronous invocations, which return once Lambda has queued them. */
export function lambdaClient(access: AwsAccess = {}): LambdaClient {
  return new LambdaClient({
    ...bounds({ requestTimeoutMs: 10_000, idleTimeoutMs: 10_000 }),
    ...access,
  });
}
