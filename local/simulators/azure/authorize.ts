import type { IncomingMessage } from 'node:http';
import { ApiError } from '../openai/errors.ts';

const DATED = /^\d{4}-\d{2}-\d{2}(-preview)?$/;
const UNDATED: readonly (string | null)[] = [null, 'v1', 'preview'];

/** Checks where a call goes, its API version, and its key or token. */
export function authorizer(apiKeys: readonly string[] | undefined) {
  return (request: IncomingMessage): void => {
    checkVersion(new URL(request.url ?? '/', 'http://127.0.0.1'));
    const { authorization, 'api-key': apiKey } = request.headers;
    const given = apiKey ?? /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
    if (typeof given === 'string' && (apiKeys?.includes(given) ?? given !== '')) return;
    throw new ApiError(
      401,
      'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.',
    );
  };
}

function checkVersion({ pathname, searchParams }: URL): void {
  const version = searchParams.get('api-version');
  const isKnown = pathname.startsWith('/openai/v1/')
    ? UNDATED.includes(version)
    : pathname.startsWith('/openai/') && DATED.test(version ?? '');
  // The simulator's own path is not the API's.
  if (isKnown || pathname.startsWith('/simulator/')) return;
  throw new ApiError(404, 'Resource not found');
}
