import { type Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { Construct } from 'constructs';

/** Invokes the sweeper at a rate. A failed tick is not retried, because the next one does its work. */
export function createSchedule(
  scope: Construct,
  sweeper: lambda.Function,
  rate: Duration,
): scheduler.Schedule {
  const role = new iam.Role(scope, 'ScheduleRole', {
    assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
  });
  role.addToPolicy(
    new iam.PolicyStatement({
      actions: ['lambda:InvokeFunction'],
      resources: [sweeper.functionArn],
    }),
  );
  return new scheduler.Schedule(scope, 'Schedule', {
    schedule: scheduler.ScheduleExpression.rate(rate),
    target: new LambdaInvoke(sweeper, {
      // The target would allow the role to invoke every version of the function.
      role: role.withoutPolicyUpdates(),
      retryAttempts: 0,
    }),
  });
}
