import * as z from 'zod';
import { commonOptions, parseOptions as parse } from '../jobs/options.ts';

/** The options of the Anthropic simulator: all of them JSON, so that they reach a child process. */
const anthropicOptionsSchema = z.strictObject({
  ...commonOptions,
  /** Requests in all batches that have not ended. Default: no limit. */
  queuedRequestLimit: z.number().int().positive().optional(),
  /** Default: any key that starts with `sk-ant-`. */
  apiKeys: z.array(z.string()).min(1).optional(),
});
export type AnthropicOptions = z.output<typeof anthropicOptionsSchema>;
export type AnthropicOptionsInput = z.input<typeof anthropicOptionsSchema>;

/** @throws Error naming each wrong option and what was expected */
export function parseOptions(options: unknown): AnthropicOptions {
  return parse('Anthropic', anthropicOptionsSchema, options);
}
