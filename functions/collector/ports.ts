import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { realLaneStore } from '../../shared/aws/collectorLanes.ts';
import { realCollectorQueue } from '../../shared/aws/collectorQueue.ts';
import { realRequestRegister } from '../../shared/aws/collectorRequests.ts';
import type { Collector } from '../../shared/batch/collectorPorts.ts';
import type { Policy } from '../../shared/batch/policy.ts';
import type { ObjectStore } from '../../shared/batch/ports.ts';
import { ENVIRONMENT } from '../../shared/config.ts';
import type { readConfig } from '../config.ts';

interface Made {
  readonly dynamodb: DynamoDBDocumentClient;
  readonly sqs: SQSClient;
  readonly objects: ObjectStore;
  readonly policy: Policy;
}

/** What gathers single requests, in a function that was deployed with it. */
export function collectorPorts(
  { settings, variables }: ReturnType<typeof readConfig>,
  { dynamodb, sqs, objects, policy }: Made,
): Collector | undefined {
  const queue = variables[ENVIRONMENT.collectorQueue];
  const deadLetters = variables[ENVIRONMENT.collectorDeadLetterQueue];
  if (!settings.collector || queue === undefined || deadLetters === undefined) return undefined;
  const tableName = variables[ENVIRONMENT.table];
  const { retentionSeconds, maxAgeSeconds: batchAgeSeconds } = policy;
  const maxAgeSeconds = settings.collector.maxAgeSeconds * variables[ENVIRONMENT.timeScale];
  return {
    settings: { ...settings.collector, maxAgeSeconds },
    lanes: realLaneStore(dynamodb, tableName),
    requests: realRequestRegister(dynamodb, tableName, {
      keepSeconds: retentionSeconds + batchAgeSeconds,
    }),
    queue: realCollectorQueue(sqs, { queue, deadLetters }, objects),
  };
}
