import type { CollectorQueueUrls } from '../shared/aws/collector.ts';
import type { Secrets } from '../shared/aws/secrets.ts';
import { messageOf } from '../shared/batch/errors.ts';
import { policySchema, scalePolicy } from '../shared/batch/policy.ts';
import type { Log, ObjectStore } from '../shared/batch/ports.ts';
import type { WebhookRegister } from '../shared/batch/webhook.ts';
import type { Collector, CollectorQueue } from '../shared/collector/contract.ts';
import type { PortName } from '../shared/config.ts';
import { diskScratch } from '../shared/jsonl/scratch.ts';
import type { Providers, WebhookTarget } from '../shared/providers/provider.ts';
import { connectProviders } from '../shared/providers/registry.ts';
import { isFilled } from '../shared/providers/settings.ts';
import type { ItemTable } from '../shared/stores/itemTable.ts';
import { systemChance, systemClock, tokenEstimation } from '../shared/system.ts';
import type { Dependencies } from '../shared/usecases/dependencies.ts';
import {
  awsCollectorQueue,
  awsEventBus,
  awsObjects,
  awsProcessor,
  awsQueues,
  awsSecrets,
  lazySqs,
} from './awsPorts.ts';
import { type Config, readConfig } from './config.ts';
import { log, metricsOf } from './observability.ts';
import { checkDeclared, namesOf, type PortLookup, portLookup, type RuntimePorts } from './ports.ts';
import { composeStores, type Stores } from './stores.ts';

/** What a function is made of: its configuration, the use cases' ports, and what they are built on. */
export interface Composition {
  readonly config: Config;
  readonly dependencies: Dependencies;
  readonly secrets: Secrets;
  readonly webhookRegister: WebhookRegister;
  /** The table: the API keeps its keys and files in it, beside the batches. */
  readonly items: ItemTable;
  /** The ports that a user's code replaces. */
  readonly replaced: readonly PortName[];
}

/** Composes on the first call; a warm function reuses that. */
export type Compose = () => Composition;

/**
 * The composition root of all functions.
 *
 * @param ports what a user's code replaces
 */
export function composition(ports: RuntimePorts = {}): Compose {
  let composed: Composition | undefined;
  return () => {
    composed ??= compose(process.env, ports);
    return composed;
  };
}

/** The log that the user's code gives; the functions' own if the composition fails. */
export function logOf(compose: Compose): Log {
  try {
    return compose().dependencies.log;
  } catch {
    return log;
  }
}

function compose(environment: NodeJS.ProcessEnv, ports: RuntimePorts): Composition {
  const replaced = namesOf(ports);
  checkDeclared(replaced, environment);
  const config = readConfig(environment, replaced);
  const { settings, tableName, bucketName, bucketPrefix: prefix, inputBuckets } = config;
  const policy = scalePolicy(policySchema.parse(settings.policy), config.timeScale);
  const port = portLookup(ports, {
    ...{ policy, inputBuckets, shards: settings.shards ?? 1 },
    tableName: tableName || undefined,
    bucketName: bucketName || undefined,
  });
  const clock = port('clock') ?? systemClock;
  const sqs = lazySqs();
  const keys = awsSecrets(clock, 'keys');
  const secrets = awsSecrets(clock, 'webhooks');
  const objects = port('objects') ?? awsObjects({ bucket: bucketName, prefix, inputBuckets });
  const stores = composeStores(config, policy, port);
  const dependencies: Dependencies = {
    ...{ policy, clock, objects, tableName, chance: systemChance, tokens: tokenEstimation },
    log: port('log') ?? log,
    metrics: port('metrics') ?? metricsOf(Object.keys(config.settings.providers).length),
    batches: stores.batches,
    providerStates: stores.providerStates,
    tenants: stores.tenants,
    sweepLock: stores.sweepLock,
    uploads: stores.uploads,
    queues: port('queues') ?? awsQueues(sqs, config.queueUrls, objects),
    collector: collectorPorts(config, stores, (urls) => awsCollectorQueue(sqs, urls, objects)),
    scratch: diskScratch(),
    processor: port('processor') ?? awsProcessor(config.processorArn),
    bus: port('bus') ?? awsEventBus(config.eventBusName),
    providers: configuredProviders(config, { keys, secrets }, objects, port),
  };
  const { webhookRegister, items } = stores;
  return { config, dependencies, secrets, webhookRegister, items, replaced };
}

function configuredProviders(
  config: Config,
  { keys, secrets }: { readonly keys: Secrets; readonly secrets: Secrets },
  objects: ObjectStore,
  port: PortLookup,
): Providers {
  const given = port('secrets');
  return connectProviders(config.settings.providers, {
    async secret(entry, isFresh) {
      const arn = config.secretArns[entry];
      if (given) return given.get(arn ?? entry, isFresh);
      return arn === undefined ? undefined : keys.get(arn, isFresh);
    },
    objects,
    jobRoles: config.jobRoleArns,
    webhook: (entry) => webhookTarget(config, secrets, entry, port('log')),
    baseUrls: config.providerBaseUrls,
  });
}

/** Where jobs of an entry report their end. Without a secret that can be read, they have no webhook. */
export function webhookTarget(
  { webhookUrl, webhookSecretArns }: Pick<Config, 'webhookUrl' | 'webhookSecretArns'>,
  secrets: Secrets,
  entry: string,
  warnings: Pick<Log, 'warn'> = log,
): WebhookTarget | undefined {
  if (webhookUrl === undefined || !Object.hasOwn(webhookSecretArns, entry)) return undefined;
  return {
    url: `${webhookUrl}${entry}`,
    secret: () =>
      readSigningSecret(secrets, webhookSecretArns, entry).catch((error: unknown) => {
        const reason = messageOf(error);
        warnings.warn('job created without a webhook; the sweep finds its end', {
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

/** @returns undefined in a deployment that does not collect single requests */
function collectorPorts(
  { settings, collectorUrls, timeScale }: Config,
  { lanes, requests }: Stores,
  queueOf: (urls: CollectorQueueUrls) => CollectorQueue,
): Collector | undefined {
  if (!settings.collector || !collectorUrls) return undefined;
  const maxAgeSeconds = settings.collector.maxAgeSeconds * timeScale;
  return {
    settings: { ...settings.collector, maxAgeSeconds },
    ...{ lanes, requests, queue: queueOf(collectorUrls) },
  };
}
