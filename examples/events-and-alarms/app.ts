import { join } from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { BatchHandler, LlmProvider } from 'batch-handler';

export const app = new App();
const stack = new Stack(app, 'EventsAndAlarms');

const runtime = Runtime.NODEJS_24_X;
const processor = new NodejsFunction(stack, 'Processor', {
  entry: join(import.meta.dirname, 'processor.ts'),
  runtime,
  timeout: Duration.minutes(5),
});

// Alarms notify people: no sweep succeeds, a batch fails, a provider refuses the key, a message is refused …
const alerts = new Topic(stack, 'Alerts', { enforceSSL: true });
const batches = new BatchHandler(stack, 'Batches', {
  processor,
  providers: { openai: LlmProvider.openAi() },
  alarmTopic: alerts,
});

// Events notify programs: here, of every batch that ends.
new Rule(stack, 'Ended', {
  eventPattern: batches.eventPattern({ to: ['completed', 'failed', 'cancelled'] }),
  targets: [
    new LambdaFunction(
      new NodejsFunction(stack, 'OnEnd', { entry: join(import.meta.dirname, 'onEnd.ts'), runtime }),
    ),
  ],
});
