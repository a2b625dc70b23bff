import * as z from 'zod';
import { commonOptions, parseOptions as parse } from '../jobs/options.ts';

const vertexOptionsSchema = z.strictObject({
  ...commonOptions,
  /** Jobs of the project that have not ended. Default: no limit. */
  jobLimit: z.number().int().nonnegative().optional(),
  /** Where that limit is told: in the failed job, or by the create call. */
  jobLimitRefusal: z.enum(['job', 'create']).default('create'),
  /** E-mails of the service accounts that are known. Default: any. */
  serviceAccounts: z.array(z.string()).min(1).optional(),
});
/** The options of the Vertex AI simulator: all of them JSON, so that they reach a child process. */
export type VertexOptions = z.output<typeof vertexOptionsSchema>;
export type VertexOptionsInput = z.input<typeof vertexOptionsSchema>;

/** @throws Error naming each wrong option and what was expected */
export function parseOptions(options: unknown): VertexOptions {
  return parse('Vertex AI', vertexOptionsSchema, options);
}
