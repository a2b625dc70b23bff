import { messageOf } from '../batch/errors.ts';
import type { Clock, Log } from '../batch/ports.ts';
import {
  type ApiKey,
  type ApiKeyStore,
  apiKeyStore,
  keyUses,
  MINUTE_MS,
} from '../stores/apiKeys.ts';
import type { ItemTable } from '../stores/itemTable.ts';
import { ApiError } from './apiError.ts';
import { hashOf, isKeyOf, keyIdOf } from './keys.ts';
import type { Authenticate, Caller } from './ports.ts';

export interface AuthenticateOptions {
  readonly items: ItemTable;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /**
   * A key that is not in the table and makes its caller the operator: only for a server on the loopback.
   *
   * @default none
   */
  readonly operatorKey?: string | undefined;
}

/** How long what was read of a key is used. A key that is revoked works for this long at most. */
export const REMEMBERED_MS = 30_000;
/** Above the number of keys that a deployment uses at once. Beyond it, keys are read more often. */
const MAX_REMEMBERED = 1000;

/** Checks the keys of requests by those in the table. */
export function authenticateBy({
  items,
  clock,
  log,
  operatorKey,
}: AuthenticateOptions): Authenticate {
  const uses = keyUses(items);
  const read = remembering(apiKeyStore(items), clock);
  const operatorHash = operatorKey ? hashOf(operatorKey) : undefined;

  return async (authorization) => {
    const [, presented = ''] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
    if (operatorHash !== undefined && isKeyOf(operatorHash, presented))
      return { keyId: 'operator', isOperator: true };
    const keyId = keyIdOf(presented);
    if (keyId === undefined) throw badKey();
    const now = clock.now();
    const remembered = read(keyId);
    const key = await remembered.key;
    // An id without a key costs a comparison, too, so that the time of the answer does not tell it.
    const isRight = isKeyOf(key?.sha256 ?? '', presented);
    if (!key || !isRight || !isInForce(key, now)) throw badKey();
    const { requestsPerMinute } = key;
    if (requestsPerMinute !== undefined) {
      if (!(await uses.count(keyId, requestsPerMinute, now))) {
        const minute = Math.floor(now / MINUTE_MS);
        if (remembered.loggedMinute !== minute)
          log.warn('requests of a key are refused for this minute', { keyId, requestsPerMinute });
        remembered.loggedMinute = minute;
        throw tooMany(requestsPerMinute, now);
      }
    } else if (!remembered.isNoted) {
      remembered.isNoted = true;
      await uses.note(keyId, now).catch((error: unknown) => {
        log.warn('the use of a key was not noted', { keyId, error: messageOf(error) });
      });
    }
    return callerOf(key);
  };
}

/** What was read of a key. */
interface Remembered {
  /** When the read began. */
  readonly readAt: number;
  /** Resolves to undefined if there is no such key. Requests that come together share one read. */
  readonly key: Promise<ApiKey | undefined>;
  /** Whether its use was noted since it was read. */
  isNoted: boolean;
  /** The last minute since 1970 in which requests of it were refused, which is logged once. */
  loggedMinute: number | undefined;
}

/** Reads keys, and remembers them and that there are none, for a short time and in bounded memory. */
function remembering(
  store: Pick<ApiKeyStore, 'get'>,
  clock: Pick<Clock, 'now'>,
): (keyId: string) => Remembered {
  // A Map keeps the order of insertion, so the first one is the one that was not used for longest.
  const remembered = new Map<string, Remembered>();
  return (keyId) => {
    const before = remembered.get(keyId);
    const now = clock.now();
    const isFresh = before !== undefined && now - before.readAt < REMEMBERED_MS;
    const loggedMinute = before?.loggedMinute;
    const entry = isFresh
      ? before
      : { readAt: now, key: store.get(keyId), isNoted: false, loggedMinute };
    remembered.delete(keyId);
    remembered.set(keyId, entry);
    const [oldest = keyId] = remembered.keys();
    if (remembered.size > MAX_REMEMBERED) remembered.delete(oldest);
    // A read that failed is tried again by the next request.
    entry.key.catch(() => {
      if (remembered.get(keyId) === entry) remembered.delete(keyId);
    });
    return entry;
  };
}

function isInForce({ revokedAt, expiresAt }: ApiKey, now: number): boolean {
  return revokedAt === undefined && (expiresAt === undefined || now < expiresAt);
}

/**
 * The same answer for every key that is not accepted, so that it tells nothing about keys. Type and code
 * are those of OpenAI's API for a wrong key; RFC 9110, section 11.6.1, asks for the header.
 */
function badKey(): ApiError {
  const message =
    'the API key is missing or not accepted: send "Authorization: Bearer bhk_...", with a key made by batch-handler keys create';
  return new ApiError(401, message, {
    type: 'invalid_request_error',
    code: 'invalid_api_key',
    headers: { 'www-authenticate': 'Bearer' },
  });
}

/** Code and header are those of OpenAI's API, whose SDKs wait as long as the header says. */
function tooMany(limit: number, now: number): ApiError {
  const seconds = Math.ceil((MINUTE_MS - (now % MINUTE_MS)) / 1000);
  const message = `the key has used its ${limit} requests of this minute: try again in ${seconds} s`;
  return new ApiError(429, message, {
    code: 'rate_limit_exceeded',
    headers: { 'retry-after': String(seconds) },
  });
}

function callerOf({ keyId, tenant, providers }: ApiKey): Caller {
  return { keyId, tenant, providers, isOperator: false };
}
