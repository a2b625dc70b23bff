import * as z from 'zod';

/**
 * The parts of OpenAI's answers that are acted on. They are checked although the SDK has types for
 * them: a gateway's page with status 200 must not pass for an empty listing, which would be taken
 * as proof that a job does not exist.
 */
export const fileSchema = z.object({ id: z.string().min(1) });

const batchErrorSchema = z.object({
  code: z.string().nullish(),
  message: z.string().nullish(),
  line: z.number().nullish(),
});
export type BatchError = z.infer<typeof batchErrorSchema>;

export const batchSchema = z.object({
  id: z.string().min(1),
  status: z.string(),
  /** Seconds since 1970. */
  created_at: z.number(),
  input_file_id: z.string().nullish(),
  output_file_id: z.string().nullish(),
  error_file_id: z.string().nullish(),
  errors: z.object({ data: z.array(batchErrorSchema).nullish() }).nullish(),
  request_counts: z.object({ completed: z.number(), failed: z.number() }).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
});
export type WireBatch = z.infer<typeof batchSchema>;

export const fileListSchema = z.object({
  // Seconds since 1970.
  data: z.array(fileSchema.extend({ filename: z.string(), created_at: z.number() })),
  has_more: z.boolean(),
});

export const batchListSchema = z.object({ data: z.array(batchSchema), has_more: z.boolean() });
