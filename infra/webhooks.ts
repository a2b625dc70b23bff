import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { ENVIRONMENT, TABLE } from '../shared/config.ts';
import { acknowledge } from './acknowledgements.ts';
import { bundleCode } from './bundleCode.ts';
import { environmentOf, type FunctionsProps } from './functions.ts';
import { grantChecking } from './listenerPermissions.ts';
import type { LlmProvider } from './llmProvider.ts';
import { createNodeFunction } from './nodeFunction.ts';
import { EntryArns } from './providers/entryArns.ts';
import { createSecret } from './providers/secretAccess.ts';
import { allowItems } from './tableItems.ts';

/** Senders wait for seconds only: what a slow provider has no answer to by then, the sweep sees. */
const TIMEOUT = Duration.seconds(30);

/** What is entered at a provider, and what it gives in return. */
export interface WebhookEndpoint {
  /** Where the provider sends the webhooks of this entry. */
  readonly url: string;
  /** Holds what the provider signs them with, as plain text. */
  readonly secret: secretsmanager.Secret;
}

/** What takes the webhooks of providers. */
interface Webhooks {
  /** Absent if no provider sends any. */
  readonly function?: lambda.Function;
  /** By provider entry. */
  readonly endpoints: Readonly<Record<string, WebhookEndpoint>>;
}

export function createWebhooks(
  scope: Construct,
  { resources, service, settings, ...props }: FunctionsProps,
  providers: Readonly<Record<string, LlmProvider>>,
): Webhooks {
  const entries = Object.keys(providers).filter((name) => providers[name]?.webhook);
  if (entries.length === 0) return { endpoints: {} };
  const receiver = createNodeFunction(scope, 'Webhook', {
    ...props,
    description: 'Takes webhooks of providers: checks a job that has ended before the next sweep',
    timeout: TIMEOUT,
    memorySize: 512,
    code: bundleCode('handler', settings),
    handler: 'webhook.handler',
    environment: environmentOf(resources, service),
  });
  grantChecking(receiver, resources);
  // Which webhooks have come.
  const { table } = resources;
  allowItems(receiver, ['dynamodb:GetItem', 'dynamodb:PutItem'], table, [TABLE.webhookPrefix]);
  // Providers cannot sign for IAM: the signature of each webhook is what lets it in.
  const { url } = receiver.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.NONE });
  const secretArns = new EntryArns(receiver, ENVIRONMENT.webhookSecrets);
  const endpoints = entries.map((entry) => {
    const secret = createSigningSecret(scope, entry, props.removalPolicy);
    secret.grantRead(receiver);
    secretArns.add(entry, secret.secretArn);
    // It ends in a slash.
    return [entry, { url: `${url}${entry}`, secret }] as const;
  });
  return { function: receiver, endpoints: Object.fromEntries(endpoints) };
}

function createSigningSecret(scope: Construct, entry: string, removalPolicy: RemovalPolicy) {
  const secret = createSecret(scope, `WebhookSecret-${entry}`, {
    description: `The signing secret of the webhooks of the provider ${entry}, as plain text`,
    removalPolicy,
  });
  acknowledge(
    secret,
    'AwsSolutions-SMG4',
    'The secret is made and rotated at the provider, which tells nobody but the one who does it.',
  );
  return secret;
}
