import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { LlmProvider } from '../llmProvider.ts';
import type { Granted } from './access.ts';
import { ProviderCaller } from './providerHost.ts';

interface Callers {
  readonly worker: lambda.Function;
  readonly sweeper: lambda.Function;
  /** Takes the webhooks of those that send any. */
  readonly webhook: lambda.Function | undefined;
}

/** Lets the functions call the providers: each function only those that it has to do with. */
export function bindProviders(
  scope: Construct,
  providers: Readonly<Record<string, LlmProvider>>,
  callers: Callers,
  others: { readonly bucket: s3.Bucket; readonly removalPolicy: RemovalPolicy },
): Readonly<Record<string, Granted>> {
  const worker = new ProviderCaller(callers.worker);
  const sweeper = new ProviderCaller(callers.sweeper);
  const webhook = callers.webhook && new ProviderCaller(callers.webhook);
  const granted = Object.entries(providers).map(([name, provider]) => {
    const listener = provider.webhook ? webhook : undefined;
    return [name, provider.bind(scope, name, { ...others, worker, sweeper, listener })] as const;
  });
  return Object.fromEntries(granted);
}
