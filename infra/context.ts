import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as z from 'zod';
import { collectorSettingsSchema, policySettingsSchema } from '../shared/config.ts';
import { ConfigurationError } from './configurationError.ts';
import { describeIssue } from './contextIssue.ts';
import { ALARM_DEFAULTS, type AlarmSetting } from './monitoring/alarmSettings.ts';
import { providerSchema, ROLE_ARN } from './providerContext.ts';

/** The key of cdk.json's context that holds everything below. */
export const CONTEXT_KEY = 'batchHandler';

const FUNCTION_ARN = /^arn:[\w-]+:lambda:[a-z0-9-]+:\d{12}:function:[\w-]{1,64}(:[\w$-]{1,128})?$/;
const TOPIC_ARN = /^arn:[\w-]+:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/;
const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const LOG_RETENTION_DAYS = Object.values(RetentionDays).filter((days) => typeof days === 'number');

function whole(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

function alarmsShape(): Record<AlarmSetting, z.ZodType<number | false>> {
  const error = 'must be a number above 0, or false';
  const threshold = z.union([z.number().positive({ error }), z.literal(false)], { error });
  const entries = Object.keys(ALARM_DEFAULTS).map((name) => [name, threshold]);
  return Object.fromEntries(entries);
}

/** The settings of cdk.json's context: all have a default. */
export const contextSchema = z
  .strictObject({
    /** Between two looks at the batches. */
    scheduleMinutes: whole(1, 60),
    /** The function that takes the results, with its alias or version if it is to be used. */
    processorArn: z.string().regex(FUNCTION_ARN, 'must be the ARN of a Lambda function'),
    processorRoleArn: z.string().regex(ROLE_ARN, 'must be the ARN of the role of processorArn'),
    providers: z
      .record(
        z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,31}$/, {
          error: 'the name must be a letter, then up to 31 letters, digits and dashes',
        }),
        providerSchema,
      )
      .refine((entries) => Object.keys(entries).length > 0, 'must have at least one entry'),
    policy: policySettingsSchema.omit({ retentionSeconds: true }),
    /** Gathers single requests into batches. Default: requests come in batches only. */
    collector: collectorSettingsSchema,
    /** How long an ended batch and its files are kept. */
    retentionDays: whole(1, 3650),
    logRetentionDays: z.literal(LOG_RETENTION_DAYS),
    /** Names of the buckets that a message's `file` may be in, beside the handler's own. */
    inputBuckets: z.array(z.string().regex(BUCKET_NAME, 'must be the name of a bucket')),
    /** Whether files under `inbox/` of the handler's bucket become batches by themselves. */
    inbox: z.boolean(),
    /** Batches that are inspected, submitted or collected at the same time. */
    maxConcurrency: whole(2, 1000),
    /** From which value on each alarm rings; false: there is no such alarm. */
    alarms: z.strictObject(alarmsShape()).partial(),
    /** Told when an alarm rings, and when it is over. */
    alarmTopicArn: z.string().regex(TOPIC_ARN, 'must be the ARN of an SNS topic'),
    /** Where docs/runbook.md can be read. */
    runbook: z.string().min(1),
    dashboard: z.boolean(),
    /** What becomes of the data when the stack is deleted. */
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
 * @throws ConfigurationError naming each key that is wrong, its value and what is allowed
 */
export function parseContext(value: unknown = {}): Context {
  const given = typeof value === 'string' ? parseJson(value) : value;
  const parsed = contextSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) =>
    describeIssue(CONTEXT_KEY, contextSchema, issue, given),
  );
  throw new ConfigurationError(issues.join('\n'));
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
