import type { IncomingMessage } from 'node:http';
import { ApiError } from './errors.ts';

/** Checks the key of a call; without a list of keys, any that looks like one of the API's. */
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
