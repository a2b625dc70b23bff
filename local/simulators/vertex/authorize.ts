import type { IncomingMessage } from 'node:http';
import { ApiError } from './errors.ts';

const LIFE_SECONDS = 3_600;
const TOKEN = /^Bearer ya29\.simulator-(\d+)$/;
/** Where tokens come from; the last one checks its own. */
const OPEN_PATH = /^\/(token|v1\/token)$/;

/** A token tells its own end, so that it is known after a restart. */
export function newToken(now: number): { access_token: string; expires_in: number } {
  const endsAt = now + LIFE_SECONDS * 1000;
  return { access_token: `ya29.simulator-${endsAt}`, expires_in: LIFE_SECONDS };
}

/** Checks the access token of a call. */
export function authorizer(now: () => number) {
  return ({ url = '', headers }: IncomingMessage): void => {
    if (OPEN_PATH.test(url)) return;
    const endsAt = TOKEN.exec(headers.authorization ?? '')?.[1];
    if (endsAt !== undefined && Number(endsAt) > now()) return;
    const message =
      'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.';
    throw new ApiError(401, message);
  };
}
