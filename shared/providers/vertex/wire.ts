import * as z from 'zod';

/**
 * The parts of Google's answers that are acted on. They are checked: a gateway's page must not
 * pass for an empty listing, which would be taken as proof that a job does not exist.
 */
const jobName = z
  .string()
  .regex(/^projects\/[^/]+\/locations\/[^/]+\/batchPredictionJobs\/[^/?#]+$/);
export const createdSchema = z.object({ name: jobName });

/** RFC 3339, as milliseconds since 1970. */
const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
/** int64, which JSON has as a string. -1: not known. */
const count = z.coerce.number().catch(0);

/** https://docs.cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.batchPredictionJobs */
export const jobSchema = z.object({
  name: jobName,
  state: z.string(),
  createTime: time,
  labels: z.record(z.string(), z.string()).optional(),
  error: z.object({ code: z.number().optional(), message: z.string().optional() }).nullish(),
  completionStats: z
    .object({ successfulCount: count.optional(), failedCount: count.optional() })
    .nullish(),
  inputConfig: z.object({
    gcsSource: z.object({ uris: z.array(z.string()) }).optional(),
    bigquerySource: z.object({ inputUri: z.string() }).optional(),
  }),
  outputConfig: z.object({
    gcsDestination: z.object({ outputUriPrefix: z.string() }).optional(),
    bigqueryDestination: z.object({ outputUri: z.string() }).optional(),
  }),
});
export type WireJob = z.infer<typeof jobSchema>;

const listedSchema = jobSchema.pick({ name: true, createTime: true, labels: true });
export const jobPageSchema = z
  .looseObject({
    batchPredictionJobs: z.array(listedSchema).optional(),
    nextPageToken: z.string().optional(),
  })
  // An empty listing is `{}`; anything else without a list is none.
  .refine((page) => page.batchPredictionJobs !== undefined || Object.keys(page).length === 0);
