import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { LlmProvider } from './llmProvider.ts';
import type { ProviderContext } from './providerContext.ts';

/** The provider of one entry of cdk.json. */
export function contextProvider(
  scope: Construct,
  entry: string,
  context: ProviderContext,
): LlmProvider {
  if (context.kind === 'bedrock') {
    const { kind, modelIds, jobRoleArn, ...options } = context;
    const jobRole = jobRoleArn === undefined ? {} : { jobRole: roleOf(scope, entry, jobRoleArn) };
    return LlmProvider.bedrock(defined({ ...options, modelIds, ...jobRole }));
  }
  const { secretArn, ...settings } = context;
  const secret =
    secretArn === undefined
      ? {}
      : {
          secret: secretsmanager.Secret.fromSecretCompleteArn(scope, `Key-${entry}`, secretArn),
        };
  switch (settings.kind) {
    case 'openai':
    case 'anthropic':
    case 'gemini': {
      const { kind, ...options } = settings;
      return KEYED[kind](defined({ ...options, ...secret }));
    }
    case 'openai-compatible': {
      const { kind, ...options } = settings;
      return LlmProvider.openAiCompatible(defined({ ...options, ...secret }));
    }
    case 'azure-openai': {
      const { kind, entraId, ...options } = settings;
      return LlmProvider.azureOpenAi(defined({ ...options, ...entraId, ...secret }));
    }
    case 'vertex-ai': {
      const { kind, store, workloadIdentity, ...options } = settings;
      const { type, ...places } = store;
      const { audience: workloadIdentityProvider, serviceAccount } = workloadIdentity ?? {};
      const identity = { workloadIdentityProvider, serviceAccount };
      return LlmProvider.vertexAi(defined({ ...options, ...places, ...identity, ...secret }));
    }
  }
}

const KEYED = {
  openai: LlmProvider.openAi,
  anthropic: LlmProvider.anthropic,
  gemini: LlmProvider.gemini,
};

function roleOf(scope: Construct, entry: string, arn: string): iam.IRole {
  // Its policies are somebody else's.
  return iam.Role.fromRoleArn(scope, `JobRole-${entry}`, arn, { mutable: false });
}

/** The same without what is undefined, which zod has for what is not there. */
function defined<T extends object>(options: T) {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
