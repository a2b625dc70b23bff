import * as z from 'zod';
import { commonOptions, parseOptions as parse } from '../jobs/options.ts';

/** The options of the Gemini simulator: all of them JSON, so that they reach a child process. */
const geminiOptionsSchema = z.strictObject({
  ...commonOptions,
  /** Estimated prompt tokens, per model, in all jobs that have not ended. Default: no limit. */
  enqueuedTokenLimit: z.number().int().positive().optional(),
  /** Where that limit is told: by the create call, or in the failed job. */
  enqueuedTokenRefusal: z.enum(['create', 'job']).default('create'),
  /** Default: any key. */
  apiKeys: z.array(z.string()).min(1).optional(),
});
export type GeminiOptions = z.output<typeof geminiOptionsSchema>;
export type GeminiOptionsInput = z.input<typeof geminiOptionsSchema>;

/** @throws Error naming each wrong option and what was expected */
export function parseOptions(options: unknown): GeminiOptions {
  return parse('Gemini', geminiOptionsSchema, options);
}
