import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { STSClient } from '@aws-sdk/client-sts';
import { type AwsAccess, bounds } from './base.ts';

export function cloudFormationClient(access: AwsAccess = {}): CloudFormationClient {
  const limits = bounds({ requestTimeoutMs: 10_000, idleTimeoutMs: 10_000 });
  return new CloudFormationClient({ ...limits, ...access });
}

export function schedulerClient(access: AwsAccess = {}): SchedulerClient {
  return new SchedulerClient({
    ...bounds({ requestTimeoutMs: 10_000, idleTimeoutMs: 10_000 }),
    ...access,
  });
}

export function stsClient(access: AwsAccess = {}): STSClient {
  return new STSClient({
    ...bounds({ requestTimeoutMs: 10_000, idleTimeoutMs: 10_000 }),
    ...access,
  });
}
