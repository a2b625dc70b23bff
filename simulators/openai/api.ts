import type { IncomingMessage } from 'node:http';
import { type Route, readJson, route } from '../engine/router.ts';
import type { Dialect } from './dialect.ts';
import { ApiError, invalidValue, missingParameter } from './errors.ts';
import { checkFields, MAX_LIFE_SECONDS, parseLife, parseMetadata } from './fields.ts';
import type { CreateRequest, OpenAiBatches } from './jobs.ts';
import { listReply } from './listing.ts';

/** Checks the key of a call. Without a list of keys, any key that looks like OpenAI's is accepted. */
export function authorizer(apiKeys: readonly string[] | undefined) {
  return (request: IncomingMessage): void => {
    const key = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (key === undefined)
      throw new ApiError(401, "You didn't provide an API key in an Authorization header.");
    if (apiKeys ? apiKeys.includes(key) : key.startsWith('sk-')) return;
    const shown = `${key.slice(0, 3)}***`;
    throw new ApiError(401, `Incorrect API key provided: ${shown}.`, { code: 'invalid_api_key' });
  };
}

/** The calls under `/batches`. */
export function batchRoutes(batches: OpenAiBatches, dialect: Dialect): Route[] {
  return [
    route('POST', '/batches', async ({ request, query }) => {
      const body = await readJson(request, (problem) => new ApiError(400, `Invalid: ${problem}.`));
      checkFields(Object.keys(body), new Set(dialect.createFields(query)));
      const job = await batches.create(parseCreateRequest(body, dialect));
      return { status: 200, json: batches.view(job, query), lost: job.outcome === 'lost_reply' };
    }),
    route('GET', '/batches', ({ query }) => {
      const newestFirst = batches.jobs.all().toReversed();
      return listReply(newestFirst, query, {
        ...{ of: 'batches', dialect, defaultLimit: 20, maxLimit: 100 },
        show: (job) => batches.view(job, query),
      });
    }),
    route('GET', '/batches/:id', ({ parameters: { id = '' }, query }) => ({
      status: 200,
      json: batches.view(batches.get(id), query),
    })),
    route('POST', '/batches/:id/cancel', ({ parameters: { id = '' }, query }) => ({
      status: 200,
      json: batches.view(batches.cancel(id), query),
    })),
  ];
}

/** @throws ApiError 400 */
function parseCreateRequest(
  body: Record<string, unknown>,
  { jobEndpoints, minLifeSeconds, windows }: Dialect,
): CreateRequest {
  const life = parseLife(body.output_expires_after, 'output_expires_after', minLifeSeconds);
  const required = (name: string, allowed?: readonly string[]): string => {
    const value = body[name];
    if (value === undefined) throw missingParameter(name);
    if (typeof value !== 'string' || (allowed && !allowed.includes(value)))
      throw invalidValue(name, value, allowed ?? ['a string']);
    return value;
  };
  return {
    inputFileId: required('input_file_id'),
    endpoint: required('endpoint', jobEndpoints),
    completionWindow: required('completion_window', windows),
    metadata: parseMetadata(body.metadata ?? null),
    outputSeconds: life ?? MAX_LIFE_SECONDS,
  };
}
