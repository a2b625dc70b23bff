import type { IncomingMessage } from 'node:http';
import { ApiError, invalid } from './errors.ts';

/** Checks the key of a call; without a list of keys, any is good. */
export function authorizer(apiKeys: readonly string[] | undefined) {
  return ({ headers }: IncomingMessage): void => {
    const key = headers['x-goog-api-key'];
    if (typeof key !== 'string' || key === '')
      throw new ApiError(
        'PERMISSION_DENIED',
        "Method doesn't allow unregistered callers (callers without established identity).",
      );
    // 400, where others say 401.
    if (apiKeys && !apiKeys.includes(key)) throw wrongKey();
  };
}

function wrongKey(): ApiError {
  const { status, message } = invalid('API key not valid. Please pass a valid API key.');
  return new ApiError(status, message, 'API_KEY_INVALID');
}
