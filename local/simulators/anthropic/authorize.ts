import type { IncomingMessage } from 'node:http';
import { ApiError } from './errors.ts';

/**
 * Checks the key of a call, which is a bearer token since the API version of October 2026 and
 * `x-api-key` before; without a list of keys, any that looks like one of the API's.
 * https://platform.claude.com/docs/en/manage-claude/authentication
 */
export function authorizer(apiKeys: readonly string[] | undefined) {
  return ({ headers }: IncomingMessage): void => {
    const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
    const key = bearer ?? headers['x-api-key'];
    if (typeof key !== 'string')
      throw new ApiError(401, 'an Authorization or x-api-key header is required');
    if (apiKeys ? !apiKeys.includes(key) : !key.startsWith('sk-ant-'))
      throw new ApiError(401, 'invalid API key');
    if (headers['anthropic-version'] === undefined)
      throw new ApiError(400, 'anthropic-version: header is required');
  };
}
