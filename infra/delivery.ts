import type { Duration } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { TABLE } from '../shared/config.ts';
import { acknowledgeWildcard } from './acknowledgements.ts';
import { nameOf, otherAsyncSettings, qualifierOf } from './asyncSettings.ts';
import { PREFIX } from './bucket.ts';
import { checkProcessor } from './processorChecks.ts';

export interface DeliveryProps {
  readonly processor: lambda.IFunction;
  readonly table: dynamodb.TableV2;
  readonly bucket: s3.Bucket;
  /** Hears how each invocation ended. */
  readonly outcomeQueue: sqs.Queue;
  /** How long Lambda may hold an invocation before it starts. */
  readonly invocationAge: Duration;
}

/**
 * Connects the user's processor: lets it read the results and keep its own records in the table,
 * and has Lambda tell how each of its invocations ended.
 *
 * Everything is made in this scope. `grantRead` and `configureAsyncInvoke` would put the bucket's
 * name and the queue's into the stack of the processor, which this stack refers to: a cycle.
 *
 * @throws ConfigurationError if the handler cannot invoke the processor
 */
export class Delivery extends Construct {
  constructor(scope: Construct, id: string, props: DeliveryProps) {
    super(scope, id);
    const { processor, table, bucket, outcomeQueue, invocationAge } = props;
    const role = checkProcessor(this, processor);
    const policy = new iam.Policy(this, 'Policy', { roles: [role] });
    this.#allowObjects(policy, bucket, PREFIX.batches, ['s3:GetObject']);
    this.#allowObjects(policy, bucket, PREFIX.processed, [
      's3:GetObject',
      's3:PutObject',
      's3:AbortMultipartUpload',
    ]);
    policy.addStatements(
      new iam.PolicyStatement({
        actions: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem'],
        resources: [table.tableArn],
        conditions: {
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [`${TABLE.oncePrefix}*`] },
        },
      }),
    );
    const { queueArn } = outcomeQueue;
    policy.addStatements(
      new iam.PolicyStatement({ actions: ['sqs:SendMessage'], resources: [queueArn] }),
    );

    const destination = { destination: queueArn };
    const config = new lambda.CfnEventInvokeConfig(this, 'AsyncSettings', {
      functionName: nameOf(processor),
      qualifier: qualifierOf(processor),
      // The table decides on redelivery.
      maximumRetryAttempts: 0,
      maximumEventAgeInSeconds: invocationAge.toSeconds(),
      destinationConfig: { onSuccess: destination, onFailure: destination },
    });
    // Lambda refuses a destination to which the function's role may not send yet.
    config.node.addDependency(policy, processor);
    this.node.addValidation({ validate: () => otherAsyncSettings(config) });
  }

  #allowObjects(policy: iam.Policy, bucket: s3.Bucket, prefix: string, actions: string[]): void {
    const arn = bucket.arnForObjects(`${prefix}*`);
    policy.addStatements(new iam.PolicyStatement({ actions, resources: [arn] }));
    acknowledgeWildcard(
      policy,
      arn,
      'The keys hold ids that users choose: only the prefix is known.',
    );
  }
}
