import * as z from 'zod';
import { parsePlan } from '../plan.ts';

/** The options of the OpenAI simulator: all of them JSON, so that they reach a child process. */
const openAiOptionsSchema = z.strictObject({
  /** 0: any free port. */
  port: z.number().int().min(0).max(65_535).default(0),
  /** Everything is kept here, so that a restart continues. */
  dataDir: z.string().min(1),
  /** The outcomes of the jobs of each batch, in order, the last repeating. */
  plan: z
    .array(z.string())
    .min(1)
    .default(['completed'])
    .transform((words) => parsePlan(words.join(','))),
  /** From the creation of a job to its end. */
  jobSeconds: z.number().nonnegative().default(2),
  /** Estimated prompt tokens, per model, in all jobs that have not ended. Default: no limit. */
  enqueuedTokenLimit: z.number().int().positive().optional(),
  /** Where that limit is told: in the failed job, or as the status of the create call. */
  enqueuedTokenRefusal: z.union([z.literal('job'), z.literal(400), z.literal(429)]).default('job'),
  /** Added to every call. */
  latencyMs: z.number().nonnegative().default(0),
  /** Default: any key that starts with `sk-`. */
  apiKeys: z.array(z.string()).min(1).optional(),
});
export type OpenAiOptions = z.output<typeof openAiOptionsSchema>;
export type OpenAiOptionsInput = z.input<typeof openAiOptionsSchema>;

/** @throws Error naming each wrong option and what was expected */
export function parseOptions(options: unknown): OpenAiOptions {
  const parsed = openAiOptionsSchema.safeParse(options);
  if (!parsed.success)
    throw new Error(`options of the OpenAI simulator: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
