import type { App } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as z from 'zod';
import { collectorSettingsSchema, policySettingsSchema } from '../shared/settings.ts';
import { ConfigurationError } from './configurationError.ts';
import { ALARMS, type AlarmSetting } from './monitoring/alarms.ts';
import { ROLE_ARN } from './providers/kind.ts';
import { providerContextSchema } from './providers/llmProvider.ts';

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
    policy: policySettingsSchema.omit({ retentionSeconds: true }),
    collector: collectorSettingsSchema,
    /** How long a batch and its files are kept after the batch has ended. */
    retentionDays: whole(1, 3650),
    logRetentionDays: z.literal(LOG_RETENTION_DAYS),
    /** Names of additional buckets that a message's `file` can be in. */
    inputBuckets: z.array(z.string().regex(BUCKET_NAME, 'must be the name of a bucket')),
    inbox: z.boolean(),
    maxConcurrency: whole(2, 1000),
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
  const issues = parsed.error.issues.map((issue) =>
    describeIssue(CONTEXT_KEY, contextSchema, issue, given),
  );
  throw new ConfigurationError(issues.join('\n'));
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

/**
 * Formats an issue of the schema: the key, its value and what is allowed.
 *
 * @param name the name of the settings, which prefixes each key
 */
function describeIssue(
  name: string,
  schema: z.core.$ZodType,
  issue: z.core.$ZodIssue,
  value: unknown,
): string {
  const place = [name, ...issue.path].join('.');
  switch (issue.code) {
    case 'unrecognized_keys': {
      const allowed = allowedKeys(schema, issue.path, value).join(', ');
      return `${place} has the unknown key ${issue.keys.join(', ')}: allowed are ${allowed}`;
    }
    case 'invalid_key':
      return `${place}: ${issue.issues.map(({ message }) => message).join('; ')}`;
    default:
      return `${place} is ${valueAt(value, issue.path)}: ${allowedText(issue)}`;
  }
}

function allowedText(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_union': {
      const words = 'options' in issue ? (issue.options as readonly unknown[]) : [];
      return words.length > 0 ? `must be one of ${words.join(', ')}` : issue.message;
    }
    case 'invalid_type':
      // A schema with a message of its own replaces zod's.
      if (!issue.message.startsWith('Invalid input')) return issue.message;
      return `must be ${/^[aeiou]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}`;
    case 'invalid_format':
      // Every pattern has a message of its own; URLs have zod's.
      return issue.format === 'url'
        ? 'must be a whole URL, such as https://host.example/v1'
        : issue.message;
    case 'too_big':
    case 'too_small':
      return boundText(issue);
    default:
      return issue.message;
  }
}

/** A bound of a number in words. Other bounds, and numbers with a text of their own, keep theirs. */
function boundText(issue: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall): string {
  if (!/^Too (big|small): expected number/.test(issue.message)) return issue.message;
  const isInclusive = issue.inclusive !== false;
  if (issue.code === 'too_big')
    return `must be ${isInclusive ? 'at most' : 'less than'} ${issue.maximum}`;
  return `must be ${isInclusive ? 'at least' : 'more than'} ${issue.minimum}`;
}

/** The keys that the schema allows at a path. */
function allowedKeys(
  schema: z.core.$ZodType,
  path: readonly PropertyKey[],
  value: unknown,
): string[] {
  const inner = optionFor(unwrap(schema), value);
  const [key, ...rest] = path;
  const next = key === undefined ? undefined : fieldOf(value, key);
  if (inner instanceof z.ZodRecord) return allowedKeys(inner.valueType, rest, next);
  if (!(inner instanceof z.ZodObject)) return [];
  if (key === undefined) return Object.keys(inner.shape);
  return allowedKeys(inner.shape[String(key)], rest, next);
}

/** The option of a discriminated union that the value selects. */
function optionFor(schema: z.core.$ZodType, value: unknown): z.core.$ZodType {
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return schema;
  const { discriminator } = schema.def;
  const options = schema.options.filter((option) => option instanceof z.ZodObject);
  const found = options.find(
    ({ shape }) => shape[discriminator].safeParse(fieldOf(value, discriminator)).success,
  );
  return found ?? schema;
}

function fieldOf(value: unknown, key: PropertyKey): unknown {
  return (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault
    ? unwrap(schema.unwrap())
    : schema;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): string {
  const found = path.reduce<unknown>(fieldOf, value);
  return found === undefined ? 'missing' : JSON.stringify(found);
}
