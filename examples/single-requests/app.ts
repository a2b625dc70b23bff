import { join } from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { FunctionUrlAuthType, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { BatchHandler, LlmProvider } from 'batch-handler';

export const app = new App();
const stack = new Stack(app, 'SingleRequests');

const runtime = Runtime.NODEJS_24_X;
const processor = new NodejsFunction(stack, 'Processor', {
  entry: join(import.meta.dirname, 'processor.ts'),
  runtime,
  timeout: Duration.minutes(5),
});

const { collector } = new BatchHandler(stack, 'Batches', {
  processor,
  providers: { openai: LlmProvider.openAi() },
  collector: { maxRequests: 5_000, maxAgeSeconds: 600 },
});
if (!collector) throw new Error('the handler was given a collector');

/** What your other services call, with their IAM credentials. */
const ask = new NodejsFunction(stack, 'Ask', {
  entry: join(import.meta.dirname, 'ask.ts'),
  runtime,
  environment: { COLLECTOR_QUEUE_URL: collector.queues.queue.queueUrl },
});
ask.addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM });
collector.grantSend(ask);
