import { join } from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { BatchHandler, LlmProvider } from 'batch-handler';

export const app = new App();
const stack = new Stack(app, 'SeveralProviders');

const processor = new NodejsFunction(stack, 'Processor', {
  entry: join(import.meta.dirname, 'processor.ts'),
  runtime: Runtime.NODEJS_24_X,
  timeout: Duration.minutes(15),
});

new BatchHandler(stack, 'Batches', {
  processor,
  providers: {
    // The default for messages that name no provider.
    openai: LlmProvider.openAi({
      secret: Secret.fromSecretNameV2(stack, 'Key', 'openai-api-key'),
      limits: { maxEnqueuedTokens: 20_000_000, maxInFlight: 50 },
      prices: { 'gpt-5-mini': { input: 0.25, output: 2 } },
      dailyBudget: 100,
    }),
    claude: LlmProvider.anthropic({
      models: { 'gpt-5-mini': 'claude-haiku-4-5' },
      prices: { 'gpt-5-mini': { input: 1, output: 5 } },
      dailyBudget: 50,
    }),
    // No key: the functions authenticate with their own roles.
    nova: LlmProvider.bedrock({ models: { 'gpt-5-mini': 'amazon.nova-lite-v1:0' } }),
  },
});
