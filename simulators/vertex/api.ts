import * as z from 'zod';
import { type Call, pageOf, type Reply, type Route, readJson, route } from '../engine/router.ts';
import { ApiError, invalid } from './errors.ts';
import { type CreateRequest, jobObject, type VertexJob, type VertexJobs } from './jobs.ts';

const JOBS = '/v1/projects/:project/locations/:location/batchPredictionJobs';
const DEFAULT_RESULTS = 100;

/** The calls about batch prediction jobs in Vertex AI. */
export function jobRoutes(all: VertexJobs): Route[] {
  const { jobs } = all;
  const view = (job: VertexJob) => {
    const snapshot = jobs.snapshotOf(job);
    return jobObject(all.nameOf(job.id), all.get(job.id), snapshot);
  };
  return [
    route('POST', JOBS, async ({ parameters: { project = '', location = '' }, request }) => {
      const body = parseCreateRequest(await readJson(request, invalid));
      const job = await all.create({ project, location }, body);
      return { status: 200, json: view(job), lost: job.outcome === 'lost_reply' };
    }),
    route('GET', JOBS, (call) => listReply(all, view, call)),
    {
      method: 'POST',
      pattern: /\/batchPredictionJobs\/(?<id>[^/:]+):cancel$/,
      handle: ({ parameters: { id = '' } }) => {
        const job = all.get(id);
        if (jobs.snapshotOf(job).endedAt !== undefined)
          throw new ApiError(400, 'The job has ended already.', 'FAILED_PRECONDITION');
        jobs.cancel(id);
        return { status: 200, json: {} };
      },
    },
    route('GET', `${JOBS}/:id`, ({ parameters: { id = '' } }) => ({
      status: 200,
      json: view(all.get(id)),
    })),
    route('DELETE', `${JOBS}/:id`, ({ parameters: { id = '' } }) => {
      const { endedAt } = jobs.snapshotOf(all.get(id));
      if (endedAt === undefined)
        throw new ApiError(400, 'The job has not ended yet.', 'FAILED_PRECONDITION');
      jobs.delete(id);
      return { status: 200, json: { name: `operations/${id}`, done: true } };
    }),
  ];
}

function listReply(all: VertexJobs, view: (job: VertexJob) => object, { query }: Call): Reply {
  const found = all.jobs
    .all()
    .filter(jobFilter(query.get('filter')))
    .reverse();
  const page = pageOf(
    found,
    Number(query.get('pageSize') ?? DEFAULT_RESULTS),
    query.get('pageToken'),
  );
  if (!page) throw invalid('The page token is invalid.');
  // An empty listing has no list.
  return {
    status: 200,
    json: {
      batchPredictionJobs: page.items.length === 0 ? undefined : page.items.map(view),
      nextPageToken: page.hasMore ? page.items.at(-1)?.id : undefined,
    },
  };
}

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

/**
 * https://docs.cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.batchPredictionJobs
 *
 * @throws ApiError naming the first wrong field
 */
function parseCreateRequest(body: unknown): CreateRequest {
  const job = jobSchema.safeParse(body);
  if (!job.success) throw invalidField(job.error);
  const gcs = gcsSchema.safeParse(body);
  if (gcs.success) {
    const { inputConfig, outputConfig } = gcs.data;
    const inputUri = inputConfig.gcsSource.uris[0] ?? '';
    return { ...job.data, inputUri, outputUri: outputConfig.gcsDestination.outputUriPrefix };
  }
  const bigQuery = bigQuerySchema.safeParse(body);
  if (!bigQuery.success) throw invalidField(gcs.error);
  const { inputConfig, outputConfig } = bigQuery.data;
  const { inputUri } = inputConfig.bigquerySource;
  return { ...job.data, inputUri, outputUri: outputConfig.bigqueryDestination.outputUri };
}

function invalidField({ issues: [issue] }: z.ZodError) {
  return invalid(`Invalid value at 'batch_prediction_job.${issue?.path.join('.')}'`);
}

type JobFilter = (job: VertexJob) => boolean;

const LABEL_EXISTS = /^labels\.([\w-]+):\*$/;
const LABEL_IS = /^labels\.([\w-]+)="?([\w-]*)"?$/;
const CREATED_SINCE = /^create_time>="([^"]+)"$/;

/**
 * Parses the `filter` of a listing. Only conditions on labels and on the creation time are known.
 *
 * @throws ApiError for any other condition
 */
function jobFilter(filter: string | null): JobFilter {
  const conditions = filter ? filter.split(' AND ').map(conditionOf) : [];
  return (job) => conditions.every((condition) => condition(job));
}

function conditionOf(text: string): JobFilter {
  const [, existing] = LABEL_EXISTS.exec(text) ?? [];
  if (existing !== undefined) return ({ labels }) => existing in labels;
  const [, label, value] = LABEL_IS.exec(text) ?? [];
  if (label !== undefined) return ({ labels }) => labels[label] === value;
  const since = Date.parse(CREATED_SINCE.exec(text)?.[1] ?? '');
  if (Number.isNaN(since)) throw invalid(`Unparseable filter: ${text}`);
  return ({ createdAt }) => createdAt >= since;
}
