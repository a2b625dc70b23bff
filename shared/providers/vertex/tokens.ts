import type { AuthClient } from 'google-auth-library';
import { messageOf, ProviderError } from '../../batch/errors.ts';
import { shortReason } from '../../batch/reason.ts';
import type { Authorize } from '../google/rest.ts';

/** Gives a valid access token. Throws ProviderError `account` or `transient`. */
export type Tokens = () => Promise<string>;

/** The library repeats what may pass, and has no deadline of its own. */
const DEADLINE_MS = 60_000;

/** Access tokens of a client, which keeps each until shortly before its end. */
export function tokensOf(client: Pick<AuthClient, 'getAccessToken'>): Tokens {
  return async () => {
    try {
      const { token } = await within(DEADLINE_MS, client.getAccessToken());
      if (token) return token;
    } catch (error) {
      throw refusedToken(error);
    }
    throw refusedToken(new Error('the answer holds no token'));
  };
}

/** How calls bear these tokens. */
export function bearing(tokens: Tokens): Authorize {
  return async () => ({ authorization: `Bearer ${await tokens()}` });
}

/** Nothing of ours was sent yet, whatever call the token was for. */
function refusedToken(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  const status = statusOf(error);
  const isRefused = status !== undefined && status >= 400 && status < 500 && !PASSING.has(status);
  const message = `Vertex AI, access token: ${messageOf(error)}`;
  const code = isRefused ? 'credential_refused' : 'token_unavailable';
  // Without its cause, which holds what was sent.
  return new ProviderError(isRefused ? 'account' : 'transient', shortReason(code, message));
}

const PASSING: ReadonlySet<number> = new Set([408, 429]);

/** Of the library's errors, which keep it in several places. */
function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('status' in error && typeof error.status === 'number') return error.status;
  return 'response' in error ? statusOf(error.response) : undefined;
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
