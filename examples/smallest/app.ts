import { join } from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { BatchHandler, LlmProvider } from 'batch-handler';

export const app = new App();
const stack = new Stack(app, 'Smallest');

const processor = new NodejsFunction(stack, 'Processor', {
  entry: join(import.meta.dirname, 'processor.ts'),
  runtime: Runtime.NODEJS_24_X,
  timeout: Duration.minutes(5),
});

new BatchHandler(stack, 'Batches', {
  processor,
  providers: { openai: LlmProvider.openAi() },
});
