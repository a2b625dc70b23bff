import * as z from 'zod';
import { commonOptions, parseOptions as parse } from '../jobs/options.ts';

const endpointSchema = z.strictObject({
  url: z.url(),
  /** What its webhooks are signed with. */
  secret: z.string().startsWith('whsec_'),
});
export type WebhookEndpoint = z.output<typeof endpointSchema>;

/** What becomes of the webhooks of a job. `late`: signed too long ago. */
const webhookWordSchema = z.enum(['sent', 'lost', 'duplicate', 'forged', 'late']);
export type WebhookWord = z.output<typeof webhookWordSchema>;

/** The options of the OpenAI simulator: all of them JSON, so that they reach a child process. */
const openAiOptionsSchema = z.strictObject({
  ...commonOptions,
  /** Estimated prompt tokens, per model, in all jobs that have not ended. Default: no limit. */
  enqueuedTokenLimit: z.number().int().positive().optional(),
  /** Where that limit is told: in the failed job, or as the status of the create call. */
  enqueuedTokenRefusal: z.union([z.literal('job'), z.literal(400), z.literal(429)]).default('job'),
  /** Default: any key that starts with `sk-`. */
  apiKeys: z.array(z.string()).min(1).optional(),
  /** Where the ends of jobs are told. Default: nowhere. */
  webhooks: z.array(endpointSchema).default([]),
  /** For each job that ends, in order, the last repeating. */
  webhookPlan: z.array(webhookWordSchema).min(1).default(['sent']),
});
export type OpenAiOptions = z.output<typeof openAiOptionsSchema>;
export type OpenAiOptionsInput = z.input<typeof openAiOptionsSchema>;

/** @throws Error naming each wrong option and what was expected */
export function parseOptions(options: unknown, name: string): OpenAiOptions {
  return parse(name, openAiOptionsSchema, options);
}
