import * as z from 'zod';
import { providerSettingsSchema } from '../shared/providerSettings.ts';

const SECRET_ARN = /^arn:[\w-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+-[A-Za-z0-9]{6}$/;
export const ROLE_ARN = /^arn:[\w-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/;

const withSecret = {
  /** The secret with the key. Default: one is created. */
  secretArn: z
    .string()
    .regex(SECRET_ARN, 'must be the whole ARN of a secret, with the six characters at its end')
    .optional(),
};

const [openAi, openAiCompatible, azureOpenAi, anthropic, vertexAi, bedrock, gemini] =
  providerSettingsSchema.options;

/** An entry of `providers` in cdk.json: its settings, and what it may use. */
export const providerSchema = z.discriminatedUnion('kind', [
  openAi.extend({
    ...withSecret,
    /** Takes OpenAI's webhooks. Default: what has ended is seen by the next sweep. */
    webhook: z.boolean().optional(),
  }),
  openAiCompatible.extend(withSecret),
  azureOpenAi.extend(withSecret),
  anthropic.extend(withSecret),
  vertexAi
    .extend(withSecret)
    .refine(({ secretArn, workloadIdentity }) => !secretArn || !workloadIdentity, {
      path: ['secretArn'],
      error: 'with workloadIdentity there is no key: leave it out',
    }),
  bedrock
    .extend({
      /** Ids or ARNs of what jobs may run on. Default: those that `models` leads to. */
      modelIds: z.array(z.string().min(1)).min(1).optional(),
      /** The role of jobs. Default: one is created. */
      jobRoleArn: z.string().regex(ROLE_ARN, 'must be the ARN of a role').optional(),
    })
    .refine(({ modelIds, models }) => modelIds || Object.keys(models).length > 0, {
      path: ['modelIds'],
      error: 'name the ids or ARNs of the models that jobs may run on, here or in models',
    }),
  gemini.extend(withSecret),
]);
export type ProviderContext = z.infer<typeof providerSchema>;
