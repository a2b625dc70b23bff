import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { CollectorQueueUrls } from '../shared/aws/collector.ts';
import type { QueueUrls } from '../shared/aws/queues.ts';
import { ENVIRONMENT, isTableReplaced, type PortName, SETTINGS_FILE } from '../shared/config.ts';
import { invalidLines } from '../shared/invalid/text.ts';
import { type Settings, settingsSchema } from '../shared/settings.ts';

const commaSeparated = z
  .string()
  .transform((text) => text.split(',').filter((name) => name !== ''));

const jsonOfStrings = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue('must be JSON');
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string(), z.string()));

const required = z.string().min(1);

const environmentSchema = z.object({
  [ENVIRONMENT.table]: required,
  [ENVIRONMENT.bucket]: required,
  [ENVIRONMENT.bucketPrefix]: z.string().default(''),
  [ENVIRONMENT.inputBuckets]: commaSeparated.default([]),
  [ENVIRONMENT.batchQueue]: required,
  [ENVIRONMENT.workQueue]: required,
  [ENVIRONMENT.deadLetterQueue]: required,
  [ENVIRONMENT.workDeadLetterQueue]: required,
  [ENVIRONMENT.collectorQueue]: z.string().optional(),
  [ENVIRONMENT.collectorDeadLetterQueue]: z.string().optional(),
  [ENVIRONMENT.processor]: required,
  [ENVIRONMENT.eventBus]: required,
  [ENVIRONMENT.secrets]: jsonOfStrings.default({}),
  [ENVIRONMENT.jobRoles]: jsonOfStrings.default({}),
  [ENVIRONMENT.webhookSecrets]: jsonOfStrings.default({}),
  [ENVIRONMENT.webhookUrl]: z.url().optional(),
  [ENVIRONMENT.timeScale]: z.coerce.number().positive().default(1),
  [ENVIRONMENT.providerBaseUrls]: jsonOfStrings.default({}),
});

/** The schema in which the variables may be absent that only replaced ports would use: they are empty then. */
function environmentSchemaWithout(replaced: readonly PortName[]) {
  const unless = (isReplaced: boolean) => (isReplaced ? z.string().default('') : required);
  const queueUrl = unless(replaced.includes('queues'));
  return environmentSchema.extend({
    [ENVIRONMENT.table]: unless(isTableReplaced(replaced)),
    [ENVIRONMENT.bucket]: unless(replaced.includes('objects')),
    [ENVIRONMENT.batchQueue]: queueUrl,
    [ENVIRONMENT.workQueue]: queueUrl,
    [ENVIRONMENT.deadLetterQueue]: queueUrl,
    [ENVIRONMENT.workDeadLetterQueue]: queueUrl,
    [ENVIRONMENT.processor]: unless(replaced.includes('processor')),
    [ENVIRONMENT.eventBus]: unless(replaced.includes('bus')),
  });
}

/** What a function was deployed with. Names are empty of what replaced ports stand for. */
export interface Config {
  readonly settings: Settings;
  readonly tableName: string;
  readonly bucketName: string;
  /** What all keys of the handler in the bucket begin with; may be empty. */
  readonly bucketPrefix: string;
  readonly inputBuckets: readonly string[];
  readonly queueUrls: QueueUrls;
  /** Absent in a deployment without a collector. */
  readonly collectorUrls: CollectorQueueUrls | undefined;
  readonly processorArn: string;
  readonly eventBusName: string;
  /** By provider entry. */
  readonly secretArns: ArnsByEntry;
  /** By provider entry. */
  readonly jobRoleArns: ArnsByEntry;
  /** By provider entry with webhooks: those whose signatures the function makes or verifies. */
  readonly webhookSecretArns: ArnsByEntry;
  /** The URL, to be followed by an entry's name, that jobs are created with. Only for the worker. */
  readonly webhookUrl: string | undefined;
  /** Factor on the policy's waiting times: 1, except in a local run. */
  readonly timeScale: number;
  /** By provider entry: the URL of its simulator, in a local run only. */
  readonly providerBaseUrls: Readonly<Record<string, string>>;
}

type ArnsByEntry = Readonly<Record<string, string>>;

/**
 * Reads the settings file beside the function's bundle, and its environment.
 *
 * @param replaced the ports that a user's code replaces
 * @throws Error naming every setting and variable that is missing or wrong
 */
export function readConfig(
  environment: NodeJS.ProcessEnv,
  replaced: readonly PortName[] = [],
): Config {
  const file = join(environment.LAMBDA_TASK_ROOT ?? '.', SETTINGS_FILE);
  const input: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const settings = settingsSchema.safeParse(input);
  if (!settings.success) {
    const lines = invalidLines(settings.error, { input, schema: settingsSchema });
    throw new Error(`${SETTINGS_FILE}: ${lines.join('; ')}`);
  }
  const parsed = environmentSchemaWithout(replaced).safeParse(environment);
  if (!parsed.success) {
    const lines = invalidLines(parsed.error, { input: environment });
    throw new Error(`environment: ${lines.join('; ')}`);
  }
  const variables = parsed.data;
  return {
    settings: settings.data,
    tableName: variables[ENVIRONMENT.table],
    bucketName: variables[ENVIRONMENT.bucket],
    bucketPrefix: variables[ENVIRONMENT.bucketPrefix],
    inputBuckets: variables[ENVIRONMENT.inputBuckets],
    queueUrls: {
      batch: variables[ENVIRONMENT.batchQueue],
      work: variables[ENVIRONMENT.workQueue],
      deadLetters: {
        batch: variables[ENVIRONMENT.deadLetterQueue],
        work: variables[ENVIRONMENT.workDeadLetterQueue],
      },
    },
    collectorUrls: collectorUrls(variables),
    processorArn: variables[ENVIRONMENT.processor],
    eventBusName: variables[ENVIRONMENT.eventBus],
    secretArns: variables[ENVIRONMENT.secrets],
    jobRoleArns: variables[ENVIRONMENT.jobRoles],
    webhookSecretArns: variables[ENVIRONMENT.webhookSecrets],
    webhookUrl: variables[ENVIRONMENT.webhookUrl],
    timeScale: variables[ENVIRONMENT.timeScale],
    providerBaseUrls: variables[ENVIRONMENT.providerBaseUrls],
  };
}

function collectorUrls(
  variables: z.infer<typeof environmentSchema>,
): CollectorQueueUrls | undefined {
  const queue = variables[ENVIRONMENT.collectorQueue];
  const deadLetters = variables[ENVIRONMENT.collectorDeadLetterQueue];
  return queue === undefined || deadLetters === undefined ? undefined : { queue, deadLetters };
}
