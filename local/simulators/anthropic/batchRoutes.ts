import { stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { type Route, route } from '../router.ts';
import type { Batches } from './batches.ts';
import type { BatchJob } from './batchJob.ts';
import { batchObject } from './batchObject.ts';
import { listReply } from './listReply.ts';

/** The calls under `/v1/messages/batches`. */
export function batchRoutes(batches: Batches): Route[] {
  const { jobs } = batches;
  const view = (request: IncomingMessage) => (job: BatchJob) =>
    batchObject(job, jobs.momentOf(job), `http://${request.headers.host}`);
  return [
    route('POST', '/v1/messages/batches', async ({ request }) => {
      const job = await batches.create(request);
      return { status: 200, json: view(request)(job), lost: job.word === 'lost_reply' };
    }),
    route('GET', '/v1/messages/batches', ({ request, query }) =>
      listReply(jobs.all().toReversed(), query, view(request)),
    ),
    route('GET', '/v1/messages/batches/:id', ({ request, parameters: { id = '' } }) => ({
      status: 200,
      json: view(request)(batches.get(id)),
    })),
    route('POST', '/v1/messages/batches/:id/cancel', ({ request, parameters: { id = '' } }) => ({
      status: 200,
      json: view(request)(batches.cancel(id)),
    })),
    route('GET', '/v1/messages/batches/:id/results', async ({ parameters: { id = '' } }) => {
      const path = batches.results(id);
      const { size: bytes } = await stat(path);
      return { status: 200, file: { path, bytes, type: 'application/x-jsonl' } };
    }),
    route('DELETE', '/v1/messages/batches/:id', async ({ parameters: { id = '' } }) => {
      await batches.delete(id);
      return { status: 200, json: { id, type: 'message_batch_deleted' } };
    }),
  ];
}
