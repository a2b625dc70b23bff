import { setTimeout as delay } from 'node:timers/promises';
import { ProviderError } from '../../batch/errors.ts';
import { READ_RETRIES, READ_TIMEOUT_MS } from '../readBounds.ts';
import { HttpError } from './httpError.ts';

const TRIES = 1 + READ_RETRIES;
const FIRST_PAUSE_MS = 500;

/**
 * Tries what is harmless to repeat until it succeeds, fails for good, or has failed three times;
 * all of that in less than 120 s. A try lasts until `attempt` has what it wants.
 */
export async function repeated<T>(attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    const abort = new AbortController();
    const timeout = new Error(`no answer within ${READ_TIMEOUT_MS} ms`);
    const timer = setTimeout(() => abort.abort(timeout), READ_TIMEOUT_MS);
    try {
      return await attempt(abort.signal);
    } catch (error) {
      if (tries >= TRIES || !mayPass(error)) throw error;
    } finally {
      clearTimeout(timer);
    }
    await delay(FIRST_PAUSE_MS * 2 ** (tries - 1));
  }
}

function mayPass(error: unknown): boolean {
  // The credentials were refused, or have been tried more than once already.
  if (error instanceof ProviderError) return false;
  if (!(error instanceof HttpError)) return true;
  return error.status === 408 || error.status === 429 || error.status >= 500;
}
