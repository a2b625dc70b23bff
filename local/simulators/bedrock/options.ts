import * as z from 'zod';
import { commonOptions, parseOptions as parse } from '../jobs/options.ts';

/** What becomes of the event of a job that has ended. */
const eventWordSchema = z.enum(['sent', 'lost', 'duplicate']);
export type EventWord = z.output<typeof eventWordSchema>;

const bedrockOptionsSchema = z.strictObject({
  ...commonOptions,
  /** The S3 endpoint whose buckets the jobs read and write. */
  s3Url: z.url(),
  /** Jobs of the account that have not ended. Default: no limit. */
  jobLimit: z.number().int().nonnegative().optional(),
  /** Where that limit is told: in the failed job, or by the create call. */
  jobLimitRefusal: z.enum(['job', 'create']).default('create'),
  /** AWS access key ids that are known. Default: any. */
  accessKeyIds: z.array(z.string()).min(1).optional(),
  /** The EventBridge endpoint that is told of the ends of jobs. Default: nobody is. */
  eventsUrl: z.url().optional(),
  /** For each job that ends, in order, the last repeating. */
  eventPlan: z.array(eventWordSchema).min(1).default(['sent']),
});
/** The options of the Bedrock simulator: all of them JSON, so that they reach a child process. */
export type BedrockOptions = z.output<typeof bedrockOptionsSchema>;
export type BedrockOptionsInput = z.input<typeof bedrockOptionsSchema>;

/** @throws Error naming each wrong option and what was expected */
export function parseOptions(options: unknown): BedrockOptions {
  return parse('Bedrock', bedrockOptionsSchema, options);
}
