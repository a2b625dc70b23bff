import { readJson } from '../readJson.ts';
import { type Call, type Reply, type Route, route } from '../router.ts';
import type { Batches } from './batches.ts';
import type { BatchJob } from './batchJob.ts';
import { batchObject } from './batchObject.ts';
import { parseCreateRequest } from './createRequest.ts';
import { invalid } from './errors.ts';
import { listReply } from './listReply.ts';

const BASE = '^/v1beta/';

/** The calls about batches: https://ai.google.dev/api/batch-api */
export function batchRoutes(batches: Batches): Route[] {
  const { jobs } = batches;
  const view = (job: BatchJob) => {
    const moment = jobs.momentOf(job);
    // Looked up again: it may have moved on just now.
    return batchObject(jobs.get(job.id) ?? job, moment);
  };
  const create = (kind: BatchJob['kind']) => {
    return async ({ parameters: { model = '' }, request }: Call): Promise<Reply> => {
      const body = await readJson(request, invalid);
      const job = await batches.create(kind, model, parseCreateRequest(body));
      return { status: 200, json: view(job), lost: job.word === 'lost_reply' };
    };
  };
  return [
    customRoute('(?<model>models/[^/:]+):batchGenerateContent', create('GenerateContent')),
    customRoute('(?<model>models/[^/:]+):asyncBatchEmbedContent', create('EmbedContent')),
    customRoute('batches/(?<id>[^/:]+):cancel', ({ parameters: { id = '' } }) => {
      batches.cancel(id);
      return { status: 200, json: {} };
    }),
    route('GET', '/v1beta/batches', ({ query }) =>
      listReply('operations', jobs.all().toReversed(), query, view),
    ),
    route('GET', '/v1beta/batches/:id', ({ parameters: { id = '' } }) => ({
      status: 200,
      json: view(batches.get(id)),
    })),
    route('DELETE', '/v1beta/batches/:id', ({ parameters: { id = '' } }) => {
      batches.delete(id);
      return { status: 200, json: {} };
    }),
  ];
}

/** One of Google's custom methods, which follow a colon. */
function customRoute(pattern: string, handle: Route['handle']): Route {
  return { method: 'POST', pattern: new RegExp(`${BASE}${pattern}$`), handle };
}
