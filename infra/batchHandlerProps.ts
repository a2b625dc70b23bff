import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as events from 'aws-cdk-lib/aws-events';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { CollectorSettingsInput, PolicySettings, Status } from '../shared/settings.ts';
import type { ApiProps } from './apiProps.ts';
import type { Severity } from './monitoring/alarmSpec.ts';
import type { AlarmSettings } from './monitoring/alarms.ts';
import type { LlmProvider } from './providers/llmProvider.ts';
import type { RuntimeProps } from './runtimeProps.ts';
import type { StorageProps } from './storageProps.ts';

/** Under `exactOptionalPropertyTypes` some classes do not implement their interfaces. */
type Processor = lambda.IFunction | lambda.Alias | lambda.Version;

export interface BatchHandlerProps extends StorageProps {
  /**
   * The VPC that the functions run in. They have to reach the AWS services and the providers from there:
   * docs/security.md.
   *
   * @default - the functions run outside of any VPC of yours
   */
  readonly vpc?: ec2.IVpc | ec2.Vpc;
  /**
   * Subnets of the functions.
   *
   * @default - the private subnets of `vpc`
   */
  readonly vpcSubnets?: ec2.SubnetSelection;
  /**
   * Security groups of the functions.
   *
   * @default - one is created, which lets everything out and nothing in
   */
  readonly securityGroups?: readonly (ec2.ISecurityGroup | ec2.SecurityGroup)[];
  /**
   * The Lambda function that receives the results of each batch.
   *
   * - The handler invokes it asynchronously with a `ProcessorEvent`: the locations of the results,
   *   errors and requests, as JSONL in the handler's bucket, and the number of each.
   * - It is invoked at least once for each batch that has a success. `deliveryId` is the same for every
   *   repetition of a delivery: use it to make the function idempotent.
   * - If it returns, the batch is completed. If it throws or times out, it is invoked again after a
   *   backoff, up to `maxDeliveries` times.
   * - It may read `batches/*` in the bucket, and read and write `processed/*`. The handler grants
   *   nothing else.
   *
   * The function must be in the same account and region, and its role must be known: import a function
   * with `lambda.Function.fromFunctionAttributes(this, id, { functionArn, role })`. The handler sets
   * the function's async invocation settings. For a function that has its own, pass an alias.
   */
  readonly processor: Processor;
  /**
   * The providers that messages can name, by entry name. A name is a letter followed by up to 31
   * letters, digits and dashes. The first entry is the default for messages that name none.
   */
  readonly providers: Readonly<Record<string, LlmProvider>>;
  /**
   * Interval between sweeps. A sweep advances every batch that is due. Whole minutes, at least 1.
   *
   * @default Duration.minutes(1)
   */
  readonly schedule?: Duration;
  /**
   * How many sweepers share the batches, from 1 to 32. One checks about 50,000 running jobs in five minutes, so
   * raise it by one for each 50,000 jobs that run at the same time; a few thousand batches need no more than one.
   * Each further sweeper is one more invocation in each interval of `schedule`. A deployment may change it at
   * any time: it moves no batch.
   *
   * @default 1
   */
  readonly shards?: number;
  /**
   * Maximum number of batches that are inspected, submitted or collected concurrently, from 2 to 1,000.
   *
   * @default 10
   */
  readonly maxConcurrency?: number;
  /**
   * Additional buckets that a message's `file` can be in.
   *
   * @default - files must be under `uploads/` in the handler's bucket
   */
  readonly inputBuckets?: readonly (s3.IBucket | s3.Bucket)[];
  /**
   * Whether each `.jsonl` file that is put under `inbox/` in the handler's bucket becomes a batch. The
   * first folder of its key names the provider entry. If a file is refused, the reason is written
   * beside it.
   *
   * @default false
   */
  readonly inbox?: boolean;
  /**
   * Event bus that the state changes of batches are published to.
   *
   * @default - the account's default event bus
   */
  readonly eventBus?: events.IEventBus | events.EventBus;
  /**
   * Collects single requests, sent to a queue of their own, into batches. A batch closes at
   * `maxRequests` requests (10,000) or after `maxAgeSeconds` seconds (300). `provider` is the entry for
   * requests that name none. `priority` and `metadata` are set on the batches.
   *
   * @default - no collector
   */
  readonly collector?: CollectorSettingsInput;
  /**
   * OpenAI's Files, Uploads, Batches and Models API at a URL, for clients with a key of
   * `batch-handler keys create`: docs/api.md. `true` is the same as `{}`.
   *
   * @default - no API
   */
  readonly api?: boolean | ApiProps;
  /**
   * Your own code as the code of the functions, with some of their ports replaced, such as the table by a
   * database of yours. See docs/storage.md.
   *
   * @default - the package's own code, on DynamoDB, S3, SQS and EventBridge
   */
  readonly runtime?: RuntimeProps;
  /**
   * Timeouts, retries and limits of the lifecycle, to override the defaults.
   *
   * @default - the defaults in docs/lifecycle.md
   */
  readonly policy?: Omit<PolicySettings, 'retentionSeconds' | 'inputRetentionSeconds'>;
  /**
   * How long a batch and its rows are kept after the batch has ended.
   *
   * @default Duration.days(90)
   */
  readonly retention?: Duration;
  /**
   * How long the copies of a batch's input are kept after the batch has ended: the upload and the
   * snapshot, which hold all prompts and cost as much storage each as the rows. Only so long can the
   * batch be retried or redelivered, and its requests be shown beside its rows. From `retention` on, they
   * are kept as long as the rows.
   *
   * @default Duration.days(7)
   */
  readonly inputRetention?: Duration;
  /**
   * How long the functions' logs are kept.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: logs.RetentionDays;
  /**
   * Threshold of each alarm. `false` removes the alarm.
   *
   * @default - all alarms, with the defaults of `AlarmSettings`
   */
  readonly alarms?: AlarmSettings;
  /**
   * SNS topic notified when an alarm fires and when it recovers. If the topic is encrypted, use a
   * customer managed key whose policy allows `cloudwatch.amazonaws.com` to call `kms:Decrypt` and
   * `kms:GenerateDataKey*`: CloudWatch cannot publish to a topic encrypted with `alias/aws/sns`.
   *
   * @default - no notifications
   */
  readonly alarmTopic?: sns.ITopic | sns.Topic;
  /**
   * SNS topics by how soon somebody has to look: `page` for alarms that go on until somebody acts,
   * `ticket` for those that can wait for working hours. docs/runbook.md lists which is which.
   *
   * @default - both are `alarmTopic`
   */
  readonly alarmTopics?: { readonly [S in Severity]?: sns.ITopic | sns.Topic };
  /**
   * URL of the folder of the documentation, which the alarms and the dashboard link to.
   *
   * @default - the documentation in the npm package of this version, at unpkg.com
   */
  readonly docsUrl?: string;
  /**
   * URL of your copy of docs/runbook.md, which the alarms and the dashboard link to.
   *
   * @default - runbook.md at `docsUrl`
   */
  readonly runbook?: string;
  /**
   * Whether to create a CloudWatch dashboard. AWS charges 3 USD per month for each dashboard beyond the
   * account's first three.
   *
   * @default false
   */
  readonly dashboard?: boolean;
  /**
   * Whether AWS X-Ray traces the functions. AWS charges 5 USD per million traces beyond the account's
   * first 100,000 per month: about 0.20 USD per month for the sweeps, and 0.90 USD for 1,000 batches a
   * day.
   *
   * @default false
   */
  readonly tracing?: boolean;
  /**
   * Whether to save queries in Logs Insights, in a folder with the handler's name. docs/runbook.md
   * says what each shows.
   *
   * @default true
   */
  readonly savedQueries?: boolean;
  /**
   * Whether the names of the queue, the bucket, the secrets and the functions are outputs of the
   * stack. Each begins with the construct's id, such as `BatchesBucketName`.
   *
   * @default true
   */
  readonly outputs?: boolean;
  /**
   * What happens to the table, bucket, secrets and logs when the stack is deleted. CloudFormation does
   * not delete a bucket that is not empty.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** Filter of state changes for `BatchHandler.eventPattern`. A state change must match every field. */
export interface StateChangeFilter {
  /**
   * Statuses before the change.
   *
   * @default - any status
   */
  readonly from?: readonly Status[];
  /**
   * Statuses after the change.
   *
   * @default - any status
   */
  readonly to?: readonly Status[];
  /**
   * Names of provider entries.
   *
   * @default - any provider
   */
  readonly providers?: readonly string[];
}
