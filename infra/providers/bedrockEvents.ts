import { Stack, Token } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { LlmProvider } from '../llmProvider.ts';

/** In which a job does nothing more. */
const ENDED = ['Completed', 'PartiallyCompleted', 'Failed', 'Stopped', 'Expired'];

/**
 * Has a job checked when Bedrock says that it has ended. It says so on the default bus of its own
 * region, on a best-effort basis: the jobs of another region, and what is not said, the sweep sees.
 *
 * https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-eventbridge-how-it-works.html
 */
export function listenToBedrock(
  scope: Construct,
  providers: Readonly<Record<string, LlmProvider>>,
  sweeper: lambda.Function,
): void {
  const { region } = Stack.of(scope);
  const entries = Object.entries(providers)
    .filter(([, { settings }]) => settings.kind === 'bedrock' && isOf(settings.region, region))
    .map(([name]) => name);
  if (entries.length === 0) return;
  new events.Rule(scope, 'BedrockJobEnded', {
    description: 'A job of Bedrock has ended: it is checked before the next sweep',
    eventPattern: {
      source: ['aws.bedrock'],
      detailType: ['Batch Inference Job State Change'],
      detail: { status: ENDED },
    },
    targets: [
      new LambdaFunction(sweeper, {
        event: events.RuleTargetInput.fromObject({
          action: 'check',
          providers: entries,
          jobId: events.EventField.fromPath('$.detail.batchJobArn'),
        }),
        // By the time it were tried again, the sweep has seen the job.
        retryAttempts: 0,
      }),
    ],
  });
}

/** A stack that may be deployed anywhere may be deployed there. */
function isOf(given: string | undefined, region: string): boolean {
  return given === undefined || given === region || Token.isUnresolved(region);
}
