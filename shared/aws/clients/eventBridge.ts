import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { bounds } from './base.ts';

export function eventBridgeClient(): EventBridgeClient {
  return new EventBridgeClient(bounds({ requestTimeoutMs: 10_000, idleTimeoutMs: 10_000 }));
}
