import { readJson } from '../readJson.ts';
import { type Route, route } from '../router.ts';
import type { Batches } from './batches.ts';
import { parseCreateRequest } from './createRequest.ts';
import { ApiError } from './errors.ts';
import { listReply } from './listReply.ts';

const USUAL_LIMIT = 20;
const MAX_LIMIT = 100;

/** The calls under `/batches`. */
export function batchRoutes(batches: Batches): Route[] {
  return [
    route('POST', '/batches', async ({ request }) => {
      const body = await readJson(request, (problem) => new ApiError(400, `Invalid: ${problem}.`));
      const record = await batches.create(parseCreateRequest(body, batches.parts.manner));
      return { status: 200, json: batches.view(record), lost: record.word === 'lost_reply' };
    }),
    route('GET', '/batches', ({ query }) => {
      const newestFirst = batches.records.all().toReversed();
      const show = batches.view.bind(batches);
      return listReply(newestFirst, query, { usual: USUAL_LIMIT, most: MAX_LIMIT, show });
    }),
    route('GET', '/batches/:id', ({ parameters: { id = '' } }) => ({
      status: 200,
      json: batches.view(batches.get(id)),
    })),
    route('POST', '/batches/:id/cancel', ({ parameters: { id = '' } }) => ({
      status: 200,
      json: batches.view(batches.cancel(id)),
    })),
  ];
}
