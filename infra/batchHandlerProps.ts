import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as events from 'aws-cdk-lib/aws-events';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { CollectorSettingsInput, PolicySettings } from '../shared/config.ts';
import type { LlmProvider } from './llmProvider.ts';
import type { AlarmSettings } from './monitoring/alarmSettings.ts';

/** Under `exactOptionalPropertyTypes` some classes are not the interfaces that they implement. */
type Processor = lambda.IFunction | lambda.Alias | lambda.Version;

export interface BatchHandlerProps {
  /**
   * Your function, which is handed the results of each batch. Its contract:
   *
   * - It is invoked asynchronously with a `ProcessorEvent`: where the results, the errors and the
   *   requests are, as JSONL in the handler's bucket, and how many there are of each.
   * - At least once for each batch that has a success. `deliveryId` is the same however often a
   *   delivery is repeated: make your effect idempotent by it.
   * - Returning means that the batch is completed. Throwing, or not ending within its timeout,
   *   means that it is invoked again after a backoff, up to `maxDeliveries` times.
   * - It may read `batches/*` of the bucket, and read and write `processed/*`. Nothing else is
   *   granted.
   *
   * It must be in the same account and region, and its role must be known: import a function with
   * `lambda.Function.fromFunctionAttributes(this, id, { functionArn, role })`. The handler sets how
   * Lambda invokes it asynchronously; a function that has such settings is passed by an alias.
   */
  readonly processor: Processor;
  /**
   * The providers that messages may name, by the name of their entry: a letter, then up to 31
   * letters, digits and dashes. The first is the default of messages that name none.
   */
  readonly providers: Readonly<Record<string, LlmProvider>>;
  /**
   * How often batches are looked at: whole minutes, at least one.
   *
   * @default Duration.minutes(1)
   */
  readonly schedule?: Duration;
  /**
   * How many batches may be inspected, submitted or collected at the same time: 2 to 1,000.
   *
   * @default 10
   */
  readonly maxConcurrency?: number;
  /**
   * Other buckets that a message's `file` may be in.
   *
   * @default - only `uploads/*` of the handler's own
   */
  readonly inputBuckets?: readonly (s3.IBucket | s3.Bucket)[];
  /**
   * Whether a `.jsonl` file under `inbox/` of the handler's bucket becomes a batch by itself, at the
   * provider entry that its first folder names. A refused one gets a file beside it that says why.
   *
   * @default false
   */
  readonly inbox?: boolean;
  /**
   * Where state changes are announced.
   *
   * @default - the account's default event bus
   */
  readonly eventBus?: events.IEventBus | events.EventBus;
  /**
   * Gathers single requests, sent as messages to a queue of their own, into batches: of at most
   * `maxRequests` (10,000), or what has come within `maxAgeSeconds` (300). `provider` is the entry
   * of requests that name none; `priority` and `metadata` are those of the batches.
   *
   * @default - requests come in batches only
   */
  readonly collector?: CollectorSettingsInput;
  /**
   * Times, counts and limits of the lifecycle that shall differ from the defaults.
   *
   * @default - the defaults of the table in docs/lifecycle.md
   */
  readonly policy?: Omit<PolicySettings, 'retentionSeconds'>;
  /**
   * How long an ended batch and its files are kept.
   *
   * @default Duration.days(90)
   */
  readonly retention?: Duration;
  /**
   * How long the functions' logs are kept.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: logs.RetentionDays;
  /**
   * From which value on each alarm rings. Every one is on by default; `false` is no such alarm.
   *
   * @default {} - the defaults of `AlarmSettings`
   */
  readonly alarms?: AlarmSettings;
  /**
   * What is told when an alarm rings, and when it is over. A topic that is encrypted must be so with
   * a key of your own whose policy lets `cloudwatch.amazonaws.com` use `kms:Decrypt` and
   * `kms:GenerateDataKey*`: with the key `alias/aws/sns` nothing arrives.
   *
   * @default - alarms change their state, and nobody is told
   */
  readonly alarmTopic?: sns.ITopic | sns.Topic;
  /**
   * Where docs/runbook.md can be read, as you keep it: each alarm and the dashboard lead there.
   *
   * @default 'docs/runbook.md' - the path in the repository
   */
  readonly runbook?: string;
  /**
   * Whether there is a CloudWatch dashboard. AWS charges 3 USD a month for each beyond the first
   * three of an account.
   *
   * @default true
   */
  readonly dashboard?: boolean;
  /**
   * What becomes of the table, the bucket, the secrets and the logs when the stack is deleted. A
   * bucket that is not empty is never deleted.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}
