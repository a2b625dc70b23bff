import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { ENVIRONMENT, SETTINGS_FILE, settingsSchema } from '../shared/config.ts';

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

const environmentSchema = z.object({
  [ENVIRONMENT.table]: z.string().min(1),
  [ENVIRONMENT.bucket]: z.string().min(1),
  [ENVIRONMENT.inputBuckets]: commaSeparated.default([]),
  [ENVIRONMENT.batchQueue]: z.string().min(1),
  [ENVIRONMENT.workQueue]: z.string().min(1),
  [ENVIRONMENT.deadLetterQueue]: z.string().min(1),
  [ENVIRONMENT.workDeadLetterQueue]: z.string().min(1),
  [ENVIRONMENT.collectorQueue]: z.string().optional(),
  [ENVIRONMENT.collectorDeadLetterQueue]: z.string().optional(),
  [ENVIRONMENT.processor]: z.string().min(1),
  [ENVIRONMENT.eventBus]: z.string().min(1),
  [ENVIRONMENT.secrets]: jsonOfStrings.default({}),
  [ENVIRONMENT.jobRoles]: jsonOfStrings.default({}),
  [ENVIRONMENT.webhookSecrets]: jsonOfStrings.default({}),
  [ENVIRONMENT.timeScale]: z.coerce.number().positive().default(1),
  [ENVIRONMENT.providerBaseUrls]: jsonOfStrings.default({}),
});

/**
 * What this function was deployed with.
 *
 * @throws Error naming every variable and setting that is missing or wrong
 */
export function readConfig(environment: NodeJS.ProcessEnv) {
  const file = join(environment.LAMBDA_TASK_ROOT ?? '.', SETTINGS_FILE);
  const settings = settingsSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!settings.success) throw new Error(`${SETTINGS_FILE}: ${z.prettifyError(settings.error)}`);
  const variables = environmentSchema.safeParse(environment);
  if (!variables.success) throw new Error(`environment: ${z.prettifyError(variables.error)}`);
  return { settings: settings.data, variables: variables.data };
}
