import { STSClient } from '@aws-sdk/client-sts';
import type { AwsAccess } from './access.ts';
import { bounds } from './bounds.ts';

export function stsClient(access: AwsAccess = {}): STSClient {
  return new STSClient({
    ...bounds({ requestTimeoutMs: 10_000, idleTimeoutMs: 10_000 }),
    ...access,
  });
}
