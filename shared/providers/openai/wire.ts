import * as z from 'zod';

/**
 * The parts of OpenAI's answers that are acted on. They are checked although the SDK has types for
 * them: a gateway's page with status 200 must not pass for an empty listing, which would be taken
 * as proof that a job does not exist.
 */
export const fileSchema = z.object({ id: z.string().min(1) });

export const fileNameSchema = z.object({ filename: z.string() });

/** Seconds since 1970: Azure's examples also have the same as ISO 8601. */
const time = z.union([
  z.number(),
  z.iso.datetime({ offset: true }).transform((text) => Math.floor(Date.parse(text) / 1000)),
]);
// Azure has null where it has not counted yet.
const count = z.number().nullish();

const batchErrorSchema = z.object({
  code: z.string().nullish(),
  message: z.string().nullish(),
  line: z.number().nullish(),
});
export type BatchError = z.infer<typeof batchErrorSchema>;

export const batchSchema = z.object({
  id: z.string().min(1),
  status: z.string(),
  created_at: time,
  input_file_id: z.string().nullish(),
  output_file_id: z.string().nullish(),
  error_file_id: z.string().nullish(),
  errors: z.object({ data: z.array(batchErrorSchema).nullish() }).nullish(),
  request_counts: z.object({ completed: count, failed: count }).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
});
export type WireBatch = z.infer<typeof batchSchema>;

export const fileListSchema = z.object({
  data: z.array(fileSchema.extend({ filename: z.string(), created_at: time })),
  has_more: z.boolean(),
});

export const batchListSchema = z.union([
  z.object({ data: z.array(batchSchema), has_more: z.boolean() }),
  // Groq's: https://console.groq.com/docs/batch, "Iterate Over All Batches"
  z.object({
    data: z.array(batchSchema),
    paging: z.object({ next_cursor: z.string().nullish() }),
  }),
]);
export type BatchList = z.infer<typeof batchListSchema>;
