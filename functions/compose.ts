import { randomInt, randomUUID } from 'node:crypto';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { realBatchStore } from '../shared/aws/batchStore.ts';
import { dynamodbClient } from '../shared/aws/clients/dynamodb.ts';
import { eventBridgeClient } from '../shared/aws/clients/eventBridge.ts';
import { lambdaClient } from '../shared/aws/clients/lambda.ts';
import { s3Client } from '../shared/aws/clients/s3.ts';
import { secretsManagerClient } from '../shared/aws/clients/secretsManager.ts';
import { sqsClient } from '../shared/aws/clients/sqs.ts';
import { realCollectorQueue, realLaneStore, realRequestRegister } from '../shared/aws/collector.ts';
import { realObjectStore } from '../shared/aws/objectStore.ts';
import { realEventBus, realProcessor } from '../shared/aws/processor.ts';
import { realProviderStateStore } from '../shared/aws/providerStateStore.ts';
import { realQueues } from '../shared/aws/queues.ts';
import { realSecrets } from '../shared/aws/secrets.ts';
import { realSweepLock } from '../shared/aws/sweepLock.ts';
import { type Policy, scalePolicy } from '../shared/batch/policy.ts';
import type { Clock, ObjectStore, RandomSource, Tokens } from '../shared/batch/ports.ts';
import type { Collector } from '../shared/collector/contract.ts';
import { DEFAULT_POLICY, ENVIRONMENT } from '../shared/config.ts';
import { diskScratch } from '../shared/jsonl/scratch.ts';
import { omitUndefined } from '../shared/omitUndefined.ts';
import { providers } from '../shared/providers/registry.ts';
import type { Dependencies } from '../shared/usecases/dependencies.ts';
import { readConfig } from './config.ts';
import { log, metrics } from './observability.ts';

const clock: Clock = { now: () => Date.now() };
const chance: RandomSource = {
  random: () => Math.random(),
  randomInt: (max) => randomInt(max),
  token: () => randomUUID(),
};

/** Its tables are large, and only the inspection needs them. */
const tokens: Tokens = {
  async estimate(fileBytes) {
    const { createTokenEstimator } = await import('../shared/tokens/estimator.ts');
    return createTokenEstimator({ fileBytes });
  },
};

let composed: Dependencies | undefined;

/** The composition root of all functions: made when first asked for, kept while the function is warm. */
export function dependencies(): Dependencies {
  composed ??= compose();
  return composed;
}

function compose(): Dependencies {
  const config = readConfig(process.env);
  const { settings, variables } = config;
  const policy = scalePolicy(
    { ...DEFAULT_POLICY, ...omitUndefined(settings.policy) },
    variables[ENVIRONMENT.timeScale],
  );
  const tableName = variables[ENVIRONMENT.table];
  const dynamodb = dynamodbClient();
  const sqs = sqsClient();
  const objects = realObjectStore(s3Client(), {
    bucket: variables[ENVIRONMENT.bucket],
    inputBuckets: variables[ENVIRONMENT.inputBuckets],
  });
  const urls = {
    batch: variables[ENVIRONMENT.batchQueue],
    work: variables[ENVIRONMENT.workQueue],
    deadLetters: {
      batch: variables[ENVIRONMENT.deadLetterQueue],
      work: variables[ENVIRONMENT.workDeadLetterQueue],
    },
  };
  const secrets = realSecrets(secretsManagerClient(), clock);
  const secretArns = variables[ENVIRONMENT.secrets];
  return {
    ...{ policy, clock, chance, log, metrics, objects, tableName },
    batches: realBatchStore(dynamodb, tableName, { retentionSeconds: policy.retentionSeconds }),
    providerStates: realProviderStateStore(dynamodb, tableName),
    sweepLock: realSweepLock(dynamodb, tableName),
    queues: realQueues(sqs, urls, objects),
    collector: collectorPorts(config, { dynamodb, sqs, objects, policy }),
    scratch: diskScratch(),
    tokens,
    processor: realProcessor(lambdaClient(), variables[ENVIRONMENT.processor]),
    bus: realEventBus(eventBridgeClient(), variables[ENVIRONMENT.eventBus]),
    providers: providers(settings.providers, {
      secret: async (entry) => {
        const arn = secretArns[entry];
        return arn === undefined ? undefined : secrets.get(arn);
      },
      objects,
      jobRoles: variables[ENVIRONMENT.jobRoles],
      baseUrls: variables[ENVIRONMENT.providerBaseUrls],
    }),
  };
}

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
