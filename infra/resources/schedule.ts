import { type Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { Construct } from 'constructs';
import { omitUndefined } from '../../shared/omitUndefined.ts';

/**
 * Invokes the sweeper at a rate, and for each of several shards once more. A failed tick is not retried, because
 * the next one does its work.
 *
 * @returns the schedule of what concerns all batches
 */
export function createSchedule(
  scope: Construct,
  sweeper: lambda.Function,
  { rate, shards }: { readonly rate: Duration; readonly shards: number },
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
  const create = (id: string, input?: scheduler.ScheduleTargetInput) =>
    new scheduler.Schedule(scope, id, {
      schedule: scheduler.ScheduleExpression.rate(rate),
      target: new LambdaInvoke(sweeper, {
        // The target would allow the role to invoke every version of the function.
        role: role.withoutPolicyUpdates(),
        retryAttempts: 0,
        ...omitUndefined({ input }),
      }),
    });
  if (shards > 1)
    for (let shard = 0; shard < shards; shard++)
      create(`ScheduleShard${shard}`, scheduler.ScheduleTargetInput.fromObject({ shard }));
  return create('Schedule');
}
