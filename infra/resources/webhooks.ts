import { Duration } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { ENVIRONMENT, TABLE } from '../../shared/config.ts';
import { KINDS, type ProviderKind } from '../../shared/providers/kinds.ts';
import { allowIndex, allowItems, allowPublish, allowSend } from './allow.ts';
import {
  createNodeFunction,
  environmentOf,
  type FunctionsProps,
  type HandlerResources,
} from './functions.ts';
import { RECORD_KEYS, TENANT_QUEUE_KEYS } from './permissions.ts';
import { allowSecret, createSecret, EntryIds, generateSecret, secretIdOf } from './secrets.ts';

/** Senders wait only seconds for a reply. If the provider is slower, the next sweep checks the job. */
const WEBHOOK_TIMEOUT = Duration.seconds(30);

/** What to enter at the provider, and where to put the secret that it returns. */
export interface WebhookEndpoint {
  /** The URL that the provider sends the entry's webhooks to. */
  readonly url: string;
  /** The signing secret of the webhooks, as plain text. */
  readonly secret: secretsmanager.Secret;
}

interface Webhooks {
  /** Receives the webhooks. Undefined if no entry takes any. */
  readonly function: lambda.Function | undefined;
  /** By provider entry whose URL has to be entered at the provider. */
  readonly endpoints: Readonly<Record<string, WebhookEndpoint>>;
}

/**
 * @param entries the kind of each provider entry that takes webhooks
 * @param worker creates jobs, some of them with the URL of their webhooks
 */
export function createWebhooks(
  scope: Construct,
  { resources, service, source, ...props }: FunctionsProps,
  entries: ReadonlyMap<string, ProviderKind>,
  worker: lambda.Function,
): Webhooks {
  if (entries.size === 0) return { function: undefined, endpoints: {} };
  const receiver = createNodeFunction(scope, 'Webhook', {
    ...props,
    description:
      'Receives webhooks of providers: checks a job that has ended before the next sweep',
    timeout: WEBHOOK_TIMEOUT,
    memorySize: 512,
    code: source.code,
    handler: source.handlerOf('webhook'),
    environment: environmentOf(resources, service, source),
  });
  grantJobChecks(receiver, resources);
  // The receiver records each webhook, so that a repeated one has no effect.
  const { table } = resources;
  allowItems(receiver, ['dynamodb:GetItem', 'dynamodb:PutItem'], table, [TABLE.webhookPrefix]);
  // Providers cannot sign requests for IAM. The function verifies the signature of each webhook.
  const { url } = receiver.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.NONE });
  const verified = new EntryIds(receiver, ENVIRONMENT.webhookSecrets);
  const signed = new EntryIds(worker, ENVIRONMENT.webhookSecrets);
  const endpoints: Record<string, WebhookEndpoint> = {};
  for (const [entry, kind] of entries) {
    const isPerJob = KINDS[kind].webhooks === 'perJob';
    const secret = createSigningSecret(scope, entry, isPerJob, props);
    allowSecret(receiver, secret);
    verified.add(entry, secretIdOf(secret, receiver));
    if (isPerJob) {
      allowSecret(worker, secret);
      signed.add(entry, secretIdOf(secret, worker));
      worker.addEnvironment(ENVIRONMENT.webhookUrl, url);
    } else {
      // A function URL ends in a slash.
      endpoints[entry] = { url: `${url}${entry}`, secret };
    }
  }
  return { function: receiver, endpoints };
}

/** @param isOurs whether the handler signs, and not the provider */
function createSigningSecret(
  scope: Construct,
  entry: string,
  isOurs: boolean,
  props: Pick<FunctionsProps, 'removalPolicy' | 'encryptionKey'>,
): secretsmanager.Secret {
  const { removalPolicy, encryptionKey } = props;
  const of = { removalPolicy, encryptionKey };
  const id = `WebhookSecret-${entry}`;
  if (isOurs) {
    return generateSecret(scope, id, {
      description: `Signs the URLs for the webhooks of the provider ${entry}`,
      ...of,
      noRotationReason:
        'Whoever has the secret can only have jobs checked early. A new value makes the webhooks of running jobs invalid.',
    });
  }
  return createSecret(scope, id, {
    description: `The signing secret of the webhooks of the provider ${entry}, as plain text`,
    ...of,
    noRotationReason:
      'The secret is created and rotated at the provider, which shows it only to the person who does so.',
  });
}

/**
 * Grants what checking an ended job needs, except to call the provider: the batch and the provider's
 * state, the index of running jobs, and the work queue that the batch continues in.
 */
function grantJobChecks(
  receiver: lambda.Function,
  { table, queues, eventBus }: HandlerResources,
): void {
  allowItems(receiver, ['dynamodb:GetItem', 'dynamodb:PutItem'], table, [
    ...RECORD_KEYS,
    TENANT_QUEUE_KEYS,
  ]);
  allowIndex(receiver, table, TABLE.providerIndex.name);
  allowSend([receiver], queues.worker?.queue);
  allowPublish([receiver], eventBus);
}
