import { join } from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { BatchHandler, LlmProvider } from 'batch-handler';

export const app = new App();
const stack = new Stack(app, 'OwnStorage');

const secret = Secret.fromSecretNameV2(stack, 'Password', 'batches-database');
const environment = {
  DATABASE_HOST: process.env.DATABASE_HOST ?? 'database.example.com',
  DATABASE_PORT: process.env.DATABASE_PORT ?? '5432',
  DATABASE_SECRET: secret.secretName,
};

const processor = new NodejsFunction(stack, 'Processor', {
  entry: join(import.meta.dirname, 'processor.ts'),
  runtime: Runtime.NODEJS_24_X,
  timeout: Duration.minutes(15),
  environment,
});

const batches = new BatchHandler(stack, 'Batches', {
  processor,
  providers: { openai: LlmProvider.openAi() },
  runtime: {
    entry: join(import.meta.dirname, 'handlers.ts'),
    replaces: ['items'],
    environment,
  },
});

for (const each of [processor, ...Object.values(batches.functions)]) secret.grantRead(each);
