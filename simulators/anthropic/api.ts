import { stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { pageOf, type Reply, type Route, route } from '../engine/router.ts';
import { type AwsWorkspace, checkAwsSignature } from './awsSignature.ts';
import { ApiError } from './errors.ts';
import { type AnthropicBatch, type AnthropicBatches, batchObject } from './jobs.ts';

/**
 * Checks the key of a call: a bearer token since the API version of October 2026, and `x-api-key`
 * before. Without a list of keys, any key that looks like Anthropic's is accepted.
 * https://platform.claude.com/docs/en/manage-claude/authentication
 *
 * @param aws Claude Platform on AWS, where calls are signed instead
 */
export function authorizer(apiKeys: readonly string[] | undefined, aws?: AwsWorkspace) {
  return (request: IncomingMessage): void => {
    const { headers } = request;
    if (headers['anthropic-version'] === undefined)
      throw new ApiError(400, 'anthropic-version: header is required');
    if (aws) checkAwsSignature(request, aws);
    else checkKey(request, apiKeys);
  };
}

function checkKey({ headers }: IncomingMessage, apiKeys: readonly string[] | undefined): void {
  const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  const key = bearer ?? headers['x-api-key'];
  if (typeof key !== 'string')
    throw new ApiError(401, 'an Authorization or x-api-key header is required');
  if (apiKeys ? !apiKeys.includes(key) : !key.startsWith('sk-ant-'))
    throw new ApiError(401, 'invalid API key');
}

/** The calls under `/v1/messages/batches`. */
export function batchRoutes(batches: AnthropicBatches): Route[] {
  const { jobs } = batches;
  const view = (request: IncomingMessage) => (job: AnthropicBatch) =>
    batchObject(job, jobs.snapshotOf(job), `http://${request.headers.host}`);
  return [
    route('POST', '/v1/messages/batches', async ({ request }) => {
      const job = await batches.create(request);
      return { status: 200, json: view(request)(job), lost: job.outcome === 'lost_reply' };
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

// https://platform.claude.com/docs/en/api/messages/batches/list
const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 1_000;

/**
 * A page of a listing, by the `limit` and the `after_id` or `before_id` of the query.
 *
 * @param items newest first
 * @throws ApiError 400
 */
function listReply<Item extends { readonly id: string }>(
  items: readonly Item[],
  query: URLSearchParams,
  show: (item: Item) => unknown,
): Reply {
  const asked = query.get('limit');
  const limit = asked === null ? DEFAULT_LIMIT : Number(asked);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw new ApiError(400, `limit: Input should be from 1 to ${MAX_LIMIT}`);
  const before = query.get('before_id');
  const page = pageOf(
    before === null ? items : items.toReversed(),
    limit,
    before ?? query.get('after_id'),
  );
  if (!page) throw new ApiError(400, 'after_id or before_id: no such batch');
  const shown = before === null ? page.items : page.items.toReversed();
  return {
    status: 200,
    json: {
      data: shown.map(show),
      has_more: page.hasMore,
      first_id: shown.at(0)?.id ?? null,
      last_id: shown.at(-1)?.id ?? null,
    },
  };
}
