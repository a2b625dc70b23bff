import { readJson } from '../readJson.ts';
import { type Route, route } from '../router.ts';
import type { BedrockJobs } from './bedrockJobs.ts';
import { parseCreateRequest } from './createRequest.ts';
import { invalid } from './errors.ts';
import { arnOf, jobObject } from './jobObject.ts';
import { listReply } from './listReply.ts';

/** The calls of Bedrock's control plane that are about batch jobs. */
export function jobRoutes(jobs: BedrockJobs): Route[] {
  return [
    route('POST', '/model-invocation-job', async ({ request }) => {
      const body = await readJson(request, invalid);
      const job = await jobs.create(parseCreateRequest(body));
      return { status: 200, json: { jobArn: arnOf(job.id) }, lost: job.word === 'lost_reply' };
    }),
    route('GET', '/model-invocation-jobs', ({ query }) => listReply(jobs, query)),
    route('GET', '/model-invocation-job/:id', ({ parameters: { id = '' } }) => {
      const job = jobs.get(decodeURIComponent(id));
      const moment = jobs.jobs.momentOf(job);
      return { status: 200, json: jobObject(jobs.get(job.id), moment) };
    }),
    route('POST', '/model-invocation-job/:id/stop', ({ parameters: { id = '' } }) => {
      jobs.stop(decodeURIComponent(id));
      return { status: 200, json: {} };
    }),
  ];
}
