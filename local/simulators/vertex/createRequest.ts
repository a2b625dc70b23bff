import * as z from 'zod';
import { invalid } from './errors.ts';

/** https://docs.cloud.google.com/resource-manager/docs/creating-managing-labels#requirements */
const labelsSchema = z.record(
  z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/),
  z.string().regex(/^[a-z0-9_-]{0,63}$/),
);
const tableUri = z.string().regex(/^bq:\/\/.+\.\w+\.\w+$/);

const gcsSchema = z.object({
  inputConfig: z.object({
    instancesFormat: z.literal('jsonl'),
    gcsSource: z.object({ uris: z.array(z.string().regex(/^gs:\/\/[^/]+\/.+/)).length(1) }),
  }),
  outputConfig: z.object({
    predictionsFormat: z.literal('jsonl'),
    gcsDestination: z.object({ outputUriPrefix: z.string().regex(/^gs:\/\/[^/]+\/.*/) }),
  }),
});
const bigQuerySchema = z.object({
  inputConfig: z.object({
    instancesFormat: z.literal('bigquery'),
    bigquerySource: z.object({ inputUri: tableUri }),
  }),
  outputConfig: z.object({
    predictionsFormat: z.literal('bigquery'),
    bigqueryDestination: z.object({ outputUri: tableUri }),
  }),
});
const jobSchema = z.object({
  displayName: z.string().min(1).max(128),
  model: z
    .string()
    .regex(/^(publishers\/[^/]+\/models\/[^/]+|projects\/[^/]+\/locations\/[^/]+\/models\/[^/]+)$/),
  labels: labelsSchema.default({}),
});

export interface CreateRequest extends z.output<typeof jobSchema> {
  readonly inputUri: string;
  readonly outputUri: string;
}

/**
 * https://docs.cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.batchPredictionJobs
 *
 * @throws ApiError naming the first wrong member
 */
export function parseCreateRequest(body: unknown): CreateRequest {
  const job = jobSchema.safeParse(body);
  if (!job.success) throw wrong(job.error);
  const gcs = gcsSchema.safeParse(body);
  if (gcs.success) {
    const { inputConfig, outputConfig } = gcs.data;
    const inputUri = inputConfig.gcsSource.uris[0] ?? '';
    return { ...job.data, inputUri, outputUri: outputConfig.gcsDestination.outputUriPrefix };
  }
  const bigQuery = bigQuerySchema.safeParse(body);
  if (!bigQuery.success) throw wrong(gcs.error);
  const { inputConfig, outputConfig } = bigQuery.data;
  const { inputUri } = inputConfig.bigquerySource;
  return { ...job.data, inputUri, outputUri: outputConfig.bigqueryDestination.outputUri };
}

function wrong({ issues: [issue] }: z.ZodError) {
  return invalid(`Invalid value at 'batch_prediction_job.${issue?.path.join('.')}'`);
}
