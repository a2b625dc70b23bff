import { pageOf } from '../page.ts';
import { readJson } from '../readJson.ts';
import { type Call, type Reply, type Route, route } from '../router.ts';
import { parseCreateRequest } from './createRequest.ts';
import { ApiError, invalid } from './errors.ts';
import { jobFilter } from './jobFilter.ts';
import { jobObject } from './jobObject.ts';
import type { VertexJob } from './vertexJob.ts';
import type { VertexJobs } from './vertexJobs.ts';

const JOBS = '/v1/projects/:project/locations/:location/batchPredictionJobs';
const USUAL_RESULTS = 100;

/** The calls of Vertex AI that are about batch prediction jobs. */
export function jobRoutes(all: VertexJobs): Route[] {
  const { jobs } = all;
  const view = (job: VertexJob) => {
    const moment = jobs.momentOf(job);
    return jobObject(all.nameOf(job.id), all.get(job.id), moment);
  };
  return [
    route('POST', JOBS, async ({ parameters: { project = '', location = '' }, request }) => {
      const body = parseCreateRequest(await readJson(request, invalid));
      const job = await all.create({ project, location }, body);
      return { status: 200, json: view(job), lost: job.word === 'lost_reply' };
    }),
    route('GET', JOBS, (call) => listReply(all, view, call)),
    {
      method: 'POST',
      pattern: /\/batchPredictionJobs\/(?<id>[^/:]+):cancel$/,
      handle: ({ parameters: { id = '' } }) => {
        const job = all.get(id);
        if (jobs.momentOf(job).reachedAt !== undefined)
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
      const { reachedAt } = jobs.momentOf(all.get(id));
      if (reachedAt === undefined)
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
    Number(query.get('pageSize') ?? USUAL_RESULTS),
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
