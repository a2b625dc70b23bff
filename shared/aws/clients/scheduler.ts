import { SchedulerClient } from '@aws-sdk/client-scheduler';
import type { AwsAccess } from './access.ts';
import { bounds } from './bounds.ts';

export function schedulerClient(access: AwsAccess = {}): SchedulerClient {
  return new SchedulerClient({
    ...bounds({ requestTimeoutMs: 10_000, idleTimeoutMs: 10_000 }),
    ...access,
  });
}
