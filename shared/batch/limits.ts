import * as z from 'zod';

/** What one provider entry may hold at once, and what one of its files may hold. */
export const limitsSchema = z.strictObject({
  /** Jobs at the provider at the same time. */
  maxInFlight: z.number().int().positive(),
  /** Estimated prompt tokens per model in all jobs at the provider. */
  maxEnqueuedTokens: z.number().int().positive(),
  /** Requests in all jobs at the provider. Absent: no such limit. */
  maxEnqueuedRequests: z.number().int().positive().optional(),
  /** Jobs started within an hour. Absent: no such limit. */
  maxStartsPerHour: z.number().int().positive().optional(),
  /** Requests in one file. */
  maxRequests: z.number().int().positive(),
  /** Bytes of one file. */
  maxBytes: z.number().int().positive(),
  /** Texts in all requests of one file to an embeddings endpoint. Absent: no such limit. */
  maxEmbeddingInputs: z.number().int().positive().optional(),
});
export type Limits = z.infer<typeof limitsSchema>;
