import * as z from 'zod';
import { compilePattern, type Matches } from '../events/pattern.ts';

/**
 * The properties that a local run uses, by resource type, with CloudFormation's defaults. Others, such
 * as encryption, retention and permissions, have no effect locally.
 */

// Templates may have numbers and booleans as strings.
const number = z.coerce.number();
const flag = z.union([
  z.boolean(),
  z.literal('true').transform(() => true),
  z.literal('false').transform(() => false),
]);

const keySchema = z.array(
  z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }),
);

export const anySchema = z.object({});

export const tableSchema = z.object({
  KeySchema: keySchema,
  AttributeDefinitions: z.array(
    z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
  ),
  GlobalSecondaryIndexes: z
    .array(
      z.object({
        IndexName: z.string(),
        KeySchema: keySchema,
        Projection: z.object({
          ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']).default('ALL'),
          NonKeyAttributes: z.array(z.string()).optional(),
        }),
      }),
    )
    .default([]),
  TimeToLiveSpecification: z.object({ AttributeName: z.string(), Enabled: flag }).optional(),
  LocalSecondaryIndexes: z.undefined({ error: 'local indexes are not supported' }).optional(),
});
export type TableProperties = z.infer<typeof tableSchema>;

export const queueSchema = z.object({
  VisibilityTimeout: number.default(30),
  DelaySeconds: number.default(0),
  RedrivePolicy: z.object({ deadLetterTargetArn: z.string(), maxReceiveCount: number }).optional(),
  FifoQueue: z.undefined({ error: 'FIFO queues are not supported' }).optional(),
});
export type QueueProperties = z.infer<typeof queueSchema>;

export const functionSchema = z
  .object({
    Code: z.object({ S3Key: z.string({ error: 'only code in a file asset is supported' }) }),
    Handler: z.string(),
    Runtime: z
      .string()
      .regex(/^(nodejs|python3)/, 'only functions in Node.js and in Python are supported'),
    Timeout: number.default(3),
    MemorySize: number.default(128),
    Environment: z
      .object({ Variables: z.record(z.string(), z.coerce.string()).default({}) })
      .default({ Variables: {} }),
  })
  .transform((properties) => ({
    code: properties.Code.S3Key,
    handler: properties.Handler,
    runtime: properties.Runtime,
    timeoutSeconds: properties.Timeout,
    memoryMegabytes: properties.MemorySize,
    environment: properties.Environment.Variables,
  }));
export type FunctionProperties = z.infer<typeof functionSchema>;

export const eventSourceSchema = z
  .object({
    EventSourceArn: z
      .string()
      .regex(/^arn:[^:]+:sqs:/, 'only SQS queues are supported as event sources'),
    FunctionName: z.string(),
    BatchSize: number.default(10),
    Enabled: flag.default(true),
    FunctionResponseTypes: z.array(z.string()).default([]),
    ScalingConfig: z.object({ MaximumConcurrency: number.optional() }).default({}),
    FilterCriteria: z.undefined({ error: 'event filters are not supported' }).optional(),
  })
  .transform((properties) => ({
    queueArn: properties.EventSourceArn,
    functionName: properties.FunctionName,
    // SQS returns at most ten messages at a time. Lambda collects more only with a batching window.
    batchSize: Math.min(properties.BatchSize, 10),
    enabled: properties.Enabled,
    reportsPartialFailures: properties.FunctionResponseTypes.includes('ReportBatchItemFailures'),
    maximumConcurrency: properties.ScalingConfig.MaximumConcurrency,
  }));
export type EventSourceProperties = z.infer<typeof eventSourceSchema>;

const destinationSchema = z
  .object({
    Destination: z
      .string()
      .regex(/^arn:[^:]+:sqs:/, 'only SQS queues are supported as destinations'),
  })
  .transform(({ Destination }) => Destination);

export const invokeConfigSchema = z
  .object({
    FunctionName: z.string(),
    Qualifier: z.string().default('$LATEST'),
    MaximumRetryAttempts: number.default(2),
    MaximumEventAgeInSeconds: number.default(21_600),
    DestinationConfig: z
      .object({ OnSuccess: destinationSchema.optional(), OnFailure: destinationSchema.optional() })
      .default({}),
  })
  .transform((properties) => ({
    functionName: properties.FunctionName,
    qualifier: properties.Qualifier,
    maximumRetryAttempts: properties.MaximumRetryAttempts,
    maximumEventAgeSeconds: properties.MaximumEventAgeInSeconds,
    onSuccess: properties.DestinationConfig.OnSuccess,
    onFailure: properties.DestinationConfig.OnFailure,
  }));
export type InvokeConfigProperties = z.infer<typeof invokeConfigSchema>;

export const scheduleSchema = z
  .object({
    State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
    ScheduleExpression: z.string(),
    Target: z.object({ Arn: z.string(), Input: z.string().optional() }),
  })
  .transform((properties) => ({
    enabled: properties.State === 'ENABLED',
    expression: properties.ScheduleExpression,
    functionName: properties.Target.Arn,
    input: properties.Target.Input,
  }));
export type ScheduleProperties = z.infer<typeof scheduleSchema>;

export const functionUrlSchema = z
  .object({
    TargetFunctionArn: z.string(),
    AuthType: z.literal('NONE', { error: 'only the AuthType NONE is supported' }),
    InvokeMode: z.literal('BUFFERED', { error: 'streaming is not supported' }).optional(),
    Qualifier: z.undefined({ error: 'URLs of aliases are not supported' }).optional(),
  })
  .transform((properties) => ({ functionArn: properties.TargetFunctionArn }));
export type FunctionUrlProperties = z.infer<typeof functionUrlSchema>;

/** Compiles the pattern, so that an unsupported one makes its rule unsupported. */
const patternSchema = z.unknown().transform((given, context): Matches => {
  try {
    return compilePattern(given);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : '' });
    return z.NEVER;
  }
});

/** `$`, or a path of fields and indexes: `$.detail.items[0].name` */
const PATH = /^\$(\.[^.[\]]+|\[\d+\])*$/;

const pathSchema = z
  .string()
  .regex(PATH, 'is not a supported path: write it like $.detail.name or $.list[0]');

/** The input of a target: the whole event, unless one of these is set. */
export const targetInputSchema = z.object({
  Input: z.string().optional(),
  InputPath: pathSchema.optional(),
  InputTransformer: z
    .object({
      InputPathsMap: z.record(z.string(), pathSchema).default({}),
      InputTemplate: z.string(),
    })
    .optional(),
});
export type TargetInput = z.infer<typeof targetInputSchema>;

const targetSchema = targetInputSchema.extend({
  Id: z.string(),
  Arn: z
    .string()
    .regex(/^arn:[^:]+:(sqs|lambda):/, 'only SQS queues and functions are supported as targets'),
});
export type RuleTarget = z.infer<typeof targetSchema>;

/** A local run reports a target that does not accept an event, and does not retry. */
export const ruleSchema = z
  .object({
    EventBusName: z.string().default('default'),
    State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
    ScheduleExpression: z
      .undefined({ error: 'only the schedules of EventBridge Scheduler are supported' })
      .optional(),
    EventPattern: patternSchema,
    Targets: z.array(targetSchema).default([]),
  })
  .transform((properties) => ({
    busName: busNameOf(properties.EventBusName),
    enabled: properties.State === 'ENABLED',
    matches: properties.EventPattern,
    targets: properties.Targets,
  }));
export type RuleProperties = z.infer<typeof ruleSchema>;

/** The name of a bus, from its name or its ARN. */
export function busNameOf(nameOrArn: string): string {
  return nameOrArn.replace(/^arn:[^/]+\//, '');
}

const notificationsProperty = z.object({
  EventBridgeConfiguration: z.object({ EventBridgeEnabled: flag.default(true) }).optional(),
});

export const bucketSchema = z
  .object({ NotificationConfiguration: notificationsProperty.optional() })
  .transform(({ NotificationConfiguration: given }) => ({
    /** Whether the bucket sends events to EventBridge. */
    notifiesEventBridge: given?.EventBridgeConfiguration?.EventBridgeEnabled ?? false,
  }));
/** The custom resource by which CDK sets the notifications of a bucket. */
export const notificationsSchema = z
  .object({ BucketName: z.string(), NotificationConfiguration: notificationsProperty })
  .transform(({ BucketName, NotificationConfiguration: given }) => ({
    bucketName: BucketName,
    notifiesEventBridge: given.EventBridgeConfiguration !== undefined,
  }));

export type BucketProperties = z.infer<typeof bucketSchema>;
