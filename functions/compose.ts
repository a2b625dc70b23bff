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
import { realQueues } from '../shared/aws/queues.ts';
import { realSecrets, type Secrets } from '../shared/aws/secrets.ts';
import { realProviderStateStore, realSweepLock } from '../shared/aws/sweepStores.ts';
import { messageOf } from '../shared/batch/errors.ts';
import { lifetimeSeconds, type Policy, policySchema, scalePolicy } from '../shared/batch/policy.ts';
import type { Clock, ObjectStore, RandomSource, TokenEstimation } from '../shared/batch/ports.ts';
import type { Collector } from '../shared/collector/contract.ts';
import { diskScratch } from '../shared/jsonl/scratch.ts';
import type { Providers, WebhookTarget } from '../shared/providers/provider.ts';
import { connectProviders } from '../shared/providers/registry.ts';
import { isFilled } from '../shared/providers/settings.ts';
import type { Dependencies } from '../shared/usecases/dependencies.ts';
import { type Config, readConfig } from './config.ts';
import { log, metrics } from './observability.ts';

/** What a function is made of: its configuration, the use cases' ports, and what they are built on. */
export interface Composition {
  readonly config: Config;
  readonly dependencies: Dependencies;
  readonly dynamodb: DynamoDBDocumentClient;
  readonly secrets: Secrets;
}

let composition: Composition | undefined;

/** The composition root of all functions. It composes on the first call; a warm function reuses that. */
export function composed(): Composition {
  composition ??= compose(readConfig(process.env));
  return composition;
}

function compose(config: Config): Composition {
  const { settings, tableName, bucketName, inputBuckets } = config;
  const policy = scalePolicy(policySchema.parse(settings.policy), config.timeScale);
  const dynamodb = dynamodbClient();
  const sqs = sqsClient();
  const secrets = realSecrets(secretsManagerClient(), clock, isFilled);
  const objects = realObjectStore(s3Client(), { bucket: bucketName, inputBuckets });
  const dependencies: Dependencies = {
    ...{ policy, clock, chance, log, metrics, objects, tableName, tokens },
    batches: realBatchStore(dynamodb, tableName, policy),
    providerStates: realProviderStateStore(dynamodb, tableName),
    sweepLock: realSweepLock(dynamodb, tableName),
    queues: realQueues(sqs, config.queueUrls, objects),
    collector: collectorPorts(config, { dynamodb, sqs, objects, policy }),
    scratch: diskScratch(),
    processor: realProcessor(lambdaClient(), config.processorArn),
    bus: realEventBus(eventBridgeClient(), config.eventBusName),
    providers: configuredProviders(config, secrets, objects),
  };
  return { config, dependencies, dynamodb, secrets };
}

const clock: Clock = {
  now: () => Date.now(),
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds).unref();
    return () => clearTimeout(timer);
  },
};

const chance: RandomSource = {
  random: () => Math.random(),
  randomInt: (max) => randomInt(max),
  token: () => randomUUID(),
};

/** Imported on first use: the estimator's tables are large, and only the inspection needs them. */
const tokens: TokenEstimation = {
  async estimate(fileBytes) {
    const { createTokenEstimator } = await import('../shared/tokens/estimator.ts');
    return createTokenEstimator({ fileBytes });
  },
};

function configuredProviders(config: Config, secrets: Secrets, objects: ObjectStore): Providers {
  return connectProviders(config.settings.providers, {
    async secret(entry, isFresh) {
      const arn = config.secretArns[entry];
      return arn === undefined ? undefined : secrets.get(arn, isFresh);
    },
    objects,
    jobRoles: config.jobRoleArns,
    webhook: (entry) => webhookTarget(config, secrets, entry),
    baseUrls: config.providerBaseUrls,
  });
}

/** Where jobs of an entry report their end. Without a secret that can be read, they have no webhook. */
export function webhookTarget(
  { webhookUrl, webhookSecretArns }: Pick<Config, 'webhookUrl' | 'webhookSecretArns'>,
  secrets: Secrets,
  entry: string,
): WebhookTarget | undefined {
  if (webhookUrl === undefined || !Object.hasOwn(webhookSecretArns, entry)) return undefined;
  return {
    url: `${webhookUrl}${entry}`,
    secret: () =>
      readSigningSecret(secrets, webhookSecretArns, entry).catch((error: unknown) => {
        const reason = messageOf(error);
        log.warn('job created without a webhook; the sweep finds its end', {
          provider: entry,
          reason,
        });
        return undefined;
      }),
  };
}

/** @returns undefined for an entry without one; an empty string while it is not filled in */
export async function readSigningSecret(
  secrets: Secrets,
  arns: Config['webhookSecretArns'],
  entry: string,
): Promise<string | undefined> {
  const arn = Object.hasOwn(arns, entry) ? arns[entry] : undefined;
  if (arn === undefined) return undefined;
  // A secret that was pasted or read from a file often ends in a line end.
  const secret = (await secrets.get(arn))?.trim() ?? '';
  return isFilled(secret) ? secret : '';
}

interface CollectorParts {
  readonly dynamodb: DynamoDBDocumentClient;
  readonly sqs: SQSClient;
  readonly objects: ObjectStore;
  readonly policy: Policy;
}

/** @returns undefined in a deployment that does not collect single requests */
function collectorPorts(
  { settings, tableName, collectorUrls, timeScale }: Config,
  { dynamodb, sqs, objects, policy }: CollectorParts,
): Collector | undefined {
  if (!settings.collector || !collectorUrls) return undefined;
  // A request may come again for as long as its batch exists.
  const keepSeconds = lifetimeSeconds(policy);
  const maxAgeSeconds = settings.collector.maxAgeSeconds * timeScale;
  return {
    settings: { ...settings.collector, maxAgeSeconds },
    lanes: realLaneStore(dynamodb, tableName),
    requests: realRequestRegister(dynamodb, tableName, { keepSeconds }),
    queue: realCollectorQueue(sqs, collectorUrls, objects),
  };
}
