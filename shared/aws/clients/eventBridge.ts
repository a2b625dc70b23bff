import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { type AwsAccess, bounds } from './base.ts';

export function eventBridgeClient(access: AwsAccess = {}): EventBridgeClient {
  return new EventBridgeClient({
    ...bounds({ requestTimeoutMs: 10_000, idleTimeoutMs: 10_000 }),
    ...access,
  });
}
