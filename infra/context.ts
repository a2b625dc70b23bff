import type { App } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as z from 'zod';
import { invalidLines } from '../shared/invalid/text.ts';
import { collectorSettingsSchema, MAX_SHARDS, policySettingsSchema } from '../shared/settings.ts';
import { ConfigurationError } from './configurationError.ts';
import { ALARMS, type AlarmSetting } from './monitoring/alarms.ts';
import { ROLE_ARN } from './providers/kind.ts';
import { providerContextSchema } from './providers/llmProvider.ts';
import { MIN_API_TIMEOUT_SECONDS } from './resources/api.ts';

/** The key of the settings in cdk.json's context. */
export const CONTEXT_KEY = 'batchHandler';

const FUNCTION_ARN = /^arn:[\w-]+:lambda:[a-z0-9-]+:\d{12}:function:[\w-]{1,64}(:[\w$-]{1,128})?$/;
const TOPIC_ARN = /^arn:[\w-]+:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/;
const topicArn = z.string().regex(TOPIC_ARN, 'must be the ARN of an SNS topic');
const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const LOG_RETENTION_DAYS = Object.values(RetentionDays).filter((days) => typeof days === 'number');

function whole(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

function alarmsShape(): Record<AlarmSetting, z.ZodType<number | false>> {
  const error = 'must be a number above 0, or false';
  const threshold = z.union([z.number().positive({ error }), z.literal(false)], { error });
  const entries = Object.keys(ALARMS).map((name) => [name, threshold]);
  return Object.fromEntries(entries);
}

/** The settings of the HTTP API: `ApiProps` documents them and their defaults. */
const apiContextSchema = z
  .strictObject({
    reservedConcurrency: whole(1, 1_000),
    timeoutSeconds: whole(MIN_API_TIMEOUT_SECONDS, 900),
    memoryMiB: whole(128, 10_240),
  })
  .partial();
export type ApiContext = z.infer<typeof apiContextSchema>;

/** The settings in cdk.json's context. All are optional. `BatchHandlerProps` documents them and their defaults. */
export const contextSchema = z
  .strictObject({
    /** Interval between sweeps. */
    scheduleMinutes: whole(1, 60),
    /** The function that receives the results, with an alias or version if one is to be invoked. */
    processorArn: z.string().regex(FUNCTION_ARN, 'must be the ARN of a Lambda function'),
    processorRoleArn: z.string().regex(ROLE_ARN, 'must be the ARN of the role of processorArn'),
    providers: z
      .record(
        z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,31}$/, {
          error: 'the name must be a letter, then up to 31 letters, digits and dashes',
        }),
        providerContextSchema,
      )
      .refine((entries) => Object.keys(entries).length > 0, 'must have at least one entry'),
    policy: policySettingsSchema.omit({ retentionSeconds: true, inputRetentionSeconds: true }),
    collector: collectorSettingsSchema,
    /** OpenAI's Batch API in front of the handler. */
    api: z.union([z.boolean(), apiContextSchema]),
    /** How long a batch and its rows are kept after the batch has ended. */
    retentionDays: whole(1, 3650),
    /** How long the copies of its input are. */
    inputRetentionDays: whole(1, 3650),
    logRetentionDays: z.literal(LOG_RETENTION_DAYS),
    /** Names of additional buckets that a message's `file` can be in. */
    inputBuckets: z.array(z.string().regex(BUCKET_NAME, 'must be the name of a bucket')),
    inbox: z.boolean(),
    maxConcurrency: whole(2, 1000),
    /** How many sweepers share the batches. */
    shards: whole(1, MAX_SHARDS),
    /** Threshold of each alarm. `false` removes the alarm. */
    alarms: z.strictObject(alarmsShape()).partial(),
    /** SNS topic notified when an alarm fires and when it recovers. */
    alarmTopicArn: topicArn,
    /** SNS topics by how soon somebody has to look. */
    alarmTopicArns: z.strictObject({ page: topicArn, ticket: topicArn }).partial(),
    /** URL of the folder of the documentation. */
    docsUrl: z.url(),
    /** URL of your copy of docs/runbook.md. */
    runbook: z.string().min(1),
    dashboard: z.boolean(),
    /** Whether X-Ray traces the functions. */
    tracing: z.boolean(),
    savedQueries: z.boolean(),
    /** What happens to the data when the stack is deleted. */
    removalPolicy: z.enum(['retain', 'destroy']),
  })
  .partial()
  .refine(({ processorArn, processorRoleArn }) => !processorArn === !processorRoleArn, {
    path: ['processorRoleArn'],
    error: 'processorArn and processorRoleArn must be given together',
  });
export type Context = z.infer<typeof contextSchema>;

/**
 * Parses the context `batchHandler`: an object in cdk.json, or its JSON given with `cdk -c`.
 *
 * @throws ConfigurationError with one line for each invalid key: its value and what is allowed
 */
export function parseContext(value: unknown = {}): Context {
  const given = typeof value === 'string' ? parseJson(value) : value;
  const parsed = contextSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const about = { input: given, schema: contextSchema, root: CONTEXT_KEY };
  throw new ConfigurationError(invalidLines(parsed.error, about).join('\n'));
}

/** The key of the stack's name in the context. */
const STACK_NAME_KEY = 'batchHandlerStack';

/** @throws ConfigurationError for a name that CloudFormation does not take */
export function stackNameOf(app: App): string {
  const name: unknown = app.node.tryGetContext(STACK_NAME_KEY) ?? 'BatchHandler';
  if (typeof name === 'string' && /^[A-Za-z][A-Za-z0-9-]{0,127}$/.test(name)) return name;
  throw new ConfigurationError(
    `${STACK_NAME_KEY} is ${JSON.stringify(name)}: must be a letter, then up to 127 letters, digits and dashes`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ConfigurationError(
      `${CONTEXT_KEY} is ${text}: it must be a JSON object, such as -c '${CONTEXT_KEY}={"scheduleMinutes":5}'`,
    );
  }
}
