import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { AwsAccess } from './access.ts';
import { bounds } from './bounds.ts';

export function cloudFormationClient(access: AwsAccess = {}): CloudFormationClient {
  const limits = bounds({ requestTimeoutMs: 10_000, idleTimeoutMs: 10_000 });
  return new CloudFormationClient({ ...limits, ...access });
}
