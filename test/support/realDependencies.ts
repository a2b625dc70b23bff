import { randomInt, randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { bounds } from '../../shared/aws/clients/base.ts';
import { realEventBus } from '../../shared/aws/eventBus.ts';
import { realObjectStore } from '../../shared/aws/objectStore.ts';
import { realProcessor } from '../../shared/aws/processor.ts';
import { type QueueUrls, realQueues } from '../../shared/aws/queues.ts';
import { dynamoTable } from '../../shared/aws/table.ts';
import type { Policy } from '../../shared/batch/policy.ts';
import type { Clock, Log, Metrics } from '../../shared/batch/ports.ts';
import { diskScratch } from '../../shared/jsonl/scratch.ts';
import { connectProviders } from '../../shared/providers/registry.ts';
import type { Settings } from '../../shared/settings.ts';
import { batchStore } from '../../shared/stores/batchStore.ts';
import { providerStateStore, sweepLock } from '../../shared/stores/sweepStores.ts';
import { tenantStore } from '../../shared/stores/tenants.ts';
import { uploadStore } from '../../shared/stores/uploadRecords.ts';
import type { Dependencies } from '../../shared/usecases/dependencies.ts';
import { clientSettings } from './emulators.ts';
import { fakeTokens } from './fakes/fakeTokens.ts';

export interface RealDependenciesOptions {
  /** Base URLs of the services. */
  readonly urls: Readonly<
    Record<'table' | 'queues' | 'bucket' | 'processor' | 'bus' | 'provider', string>
  >;
  readonly tableName: string;
  readonly bucketName: string;
  readonly queueUrls: QueueUrls;
  readonly limits: Settings['providers'][string]['limits'];
  readonly policy: Policy;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

const LIMITS = bounds({ requestTimeoutMs: 10_000, idleTimeoutMs: 10_000 });

/**
 * Every port as it is deployed, on the wire, except for time, which the test moves, and backoffs,
 * which are all of the shortest length: what is due after one is due at once.
 */
export function realDependencies(options: RealDependenciesOptions): {
  readonly dependencies: Dependencies;
  destroy(): void;
} {
  const { urls, tableName, queueUrls } = options;
  const at = (url: string) => ({ ...clientSettings(url), ...LIMITS });
  const dynamodb = new DynamoDBClient(at(urls.table));
  const sqs = new SQSClient(at(urls.queues));
  const s3 = new S3Client({ ...at(urls.bucket), forcePathStyle: true });
  const lambda = new LambdaClient(at(urls.processor));
  const events = new EventBridgeClient(at(urls.bus));
  const table = DynamoDBDocumentClient.from(dynamodb);
  const objects = realObjectStore(s3, { bucket: options.bucketName, inputBuckets: [] });
  const dependencies: Dependencies = {
    policy: options.policy,
    clock: options.clock,
    chance: {
      random: () => 0,
      randomInt: (max) => randomInt(max),
      token: () => randomUUID(),
    },
    batches: batchStore(dynamoTable(table, tableName), options.policy),
    providerStates: providerStateStore(dynamoTable(table, tableName)),
    sweepLock: sweepLock(dynamoTable(table, tableName)),
    tenants: tenantStore(dynamoTable(table, tableName)),
    uploads: uploadStore(dynamoTable(table, tableName)),
    queues: realQueues(sqs, queueUrls, objects),
    objects,
    tableName,
    scratch: diskScratch(),
    tokens: fakeTokens,
    providers: connectProviders(
      { openai: { kind: 'openai', limits: options.limits, models: {}, dropFields: [] } },
      { secret: async () => 'sk-test', objects, baseUrls: { openai: urls.provider } },
    ),
    processor: realProcessor(lambda, 'processor'),
    bus: realEventBus(events, 'default'),
    log: options.log,
    metrics: options.metrics,
  };
  return {
    dependencies,
    destroy() {
      for (const client of [dynamodb, sqs, s3, lambda, events]) client.destroy();
    },
  };
}
