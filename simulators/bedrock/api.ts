import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import { pageOf, type Reply, type Route, readJson, route } from '../engine/router.ts';
import { invalid, ServiceError } from './errors.ts';
import {
  type BedrockJob,
  type BedrockJobs,
  type CreateRequest,
  jobArn,
  jobObject,
} from './jobs.ts';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
const SIGNED = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/[^/]+\/bedrock\/aws4_request,/;

/** Checks which access key signed a call. The signature itself is not checked. */
export function authorizer(accessKeyIds: readonly string[] | undefined) {
  return (request: IncomingMessage): void => {
    const accessKeyId = SIGNED.exec(request.headers.authorization ?? '')?.[1];
    if (accessKeyId === undefined)
      throw new ServiceError(
        403,
        'MissingAuthenticationTokenException',
        'Missing Authentication Token',
      );
    if (accessKeyIds === undefined || accessKeyIds.includes(accessKeyId)) return;
    const message = 'The security token included in the request is invalid.';
    throw new ServiceError(403, 'UnrecognizedClientException', message);
  };
}

/** The calls about batch jobs in Bedrock's control plane. */
export function jobRoutes(jobs: BedrockJobs): Route[] {
  return [
    route('POST', '/model-invocation-job', async ({ request }) => {
      const body = await readJson(request, invalid);
      const job = await jobs.create(parseCreateRequest(body));
      return { status: 200, json: { jobArn: jobArn(job.id) }, lost: job.outcome === 'lost_reply' };
    }),
    route('GET', '/model-invocation-jobs', ({ query }) => listReply(jobs, query)),
    route('GET', '/model-invocation-job/:id', ({ parameters: { id = '' } }) => {
      const job = jobs.get(decodeURIComponent(id));
      const snapshot = jobs.jobs.snapshotOf(job);
      return { status: 200, json: jobObject(jobs.get(job.id), snapshot) };
    }),
    route('POST', '/model-invocation-job/:id/stop', ({ parameters: { id = '' } }) => {
      jobs.stop(decodeURIComponent(id));
      return { status: 200, json: {} };
    }),
  ];
}

const s3Uri = z.string().regex(/^s3:\/\/[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9](\/.*)?$/);

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelInvocationJob.html */
const createSchema = z.object({
  jobName: z.string().regex(/^[a-zA-Z0-9]{1,63}(-*[a-zA-Z0-9+\-.]){0,63}$/),
  clientRequestToken: z
    .string()
    .max(256)
    .regex(/^[a-zA-Z0-9]{1,256}(-*[a-zA-Z0-9]){0,256}$/)
    .optional(),
  modelId: z.string().min(1).max(2048),
  roleArn: z.string().regex(/^arn:aws(-[^:]+)?:iam::([0-9]{12})?:role\/.+$/),
  modelInvocationType: z.enum(['InvokeModel', 'Converse']).default('InvokeModel'),
  inputDataConfig: z.object({
    s3InputDataConfig: z.object({ s3InputFormat: z.literal('JSONL').optional(), s3Uri }),
  }),
  outputDataConfig: z.object({ s3OutputDataConfig: z.object({ s3Uri }) }),
  timeoutDurationInHours: z.number().int().min(24).max(168).optional(),
});

/** @throws ServiceError naming the first wrong member */
function parseCreateRequest(body: unknown): CreateRequest {
  const parsed = createSchema.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`1 validation error detected at '${issue?.path.join('.')}': ${issue?.message}`);
  }
  const { jobName, clientRequestToken, modelId, roleArn, ...job } = parsed.data;
  return {
    jobName,
    clientRequestToken,
    modelId,
    roleArn,
    invocationType: job.modelInvocationType,
    inputUri: job.inputDataConfig.s3InputDataConfig.s3Uri,
    outputUri: job.outputDataConfig.s3OutputDataConfig.s3Uri,
    timeoutHours: job.timeoutDurationInHours,
  };
}

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListModelInvocationJobs.html */
const MAX_RESULTS = 1_000;
const DEFAULT_RESULTS = 100;

/** A page of the account's jobs, by the filters and limits of the query. */
function listReply({ jobs }: BedrockJobs, query: URLSearchParams): Reply {
  const limit = Number(query.get('maxResults') ?? DEFAULT_RESULTS);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_RESULTS)
    throw invalid(`maxResults must be between 1 and ${MAX_RESULTS}`);
  const shown = jobs
    .all()
    .filter(isWanted(query))
    .map((job) => ({ id: job.id, view: jobObject(job, jobs.snapshotOf(job)) }))
    .filter(({ view }) => [null, view.status].includes(query.get('statusEquals')));
  if (query.get('sortOrder') === 'Descending') shown.reverse();
  const page = pageOf(shown, limit, query.get('nextToken'));
  if (!page) throw invalid('nextToken is not valid');
  return {
    status: 200,
    json: {
      invocationJobSummaries: page.items.map(({ view }) => view),
      nextToken: page.hasMore ? page.items.at(-1)?.id : undefined,
    },
  };
}

function isWanted(query: URLSearchParams): (job: BedrockJob) => boolean {
  const after = Date.parse(query.get('submitTimeAfter') ?? '');
  const before = Date.parse(query.get('submitTimeBefore') ?? '');
  const part = query.get('nameContains') ?? '';
  // An absent time is NaN, to which every comparison is false.
  return ({ createdAt, jobName }) =>
    !(createdAt <= after) && !(createdAt >= before) && jobName.includes(part);
}
