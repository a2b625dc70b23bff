import { join } from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
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

const batches = new BatchHandler(stack, 'Batches', {
  processor,
  providers: { openai: LlmProvider.openAi() },
});

// For people: what waits in a dead-letter queue, a provider without a valid key, a failed batch.
const alerts = new Topic(stack, 'Alerts', { enforceSSL: true });
const whenOne = { threshold: 1, evaluationPeriods: 1 };
const alarms = [
  ...batches.alarms,
  batches.metricProviderPaused().createAlarm(stack, 'ProviderPaused', whenOne),
  batches.metricFailed().createAlarm(stack, 'BatchFailed', whenOne),
];
for (const alarm of alarms) alarm.addAlarmAction(new SnsAction(alerts));

// For programs: every batch that ends.
new Rule(stack, 'Ended', {
  eventPattern: {
    source: ['batch-handler'],
    detailType: ['Batch State Change'],
    detail: { to: ['completed', 'failed', 'cancelled'] },
  },
  targets: [
    new LambdaFunction(
      new NodejsFunction(stack, 'OnEnd', { entry: join(import.meta.dirname, 'onEnd.ts'), runtime }),
    ),
  ],
});
