import { TENANT_PATTERN } from '../batch/ids.ts';
import type { RandomSource } from '../batch/ports.ts';
import { ClientError } from '../client/clientError.ts';
import type { HandlerConnection } from '../client/connection.ts';
import { hashOf, keyIdOf, makeKey } from '../http/keys.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { iso } from '../quota/waitingText.ts';
import { type ApiKey, apiKeyStore, keyUses } from '../stores/apiKeys.ts';
import { tenantStore } from '../stores/tenants.ts';
import { systemChance } from '../system.ts';
import { updateTenant } from '../usecases/tenantState.ts';

/** What a new key of the API may do. */
export interface ApiKeyOptions {
  /** What people call it by: 1 to 100 characters. */
  readonly name: string;
  /** Its requests see and make only what belongs to this tenant. Default: what belongs to none. */
  readonly tenant?: string | undefined;
  /** The provider entries that it may use. Default: all. */
  readonly providers?: readonly string[] | undefined;
  /** Default: no limit. */
  readonly requestsPerMinute?: number | undefined;
  /** Milliseconds since 1970. Default: never. */
  readonly expiresAt?: number | undefined;
  /** US dollars that all batches of the tenant may cost in a UTC day. Default: as it is. */
  readonly dailyBudget?: number | undefined;
}

/** A key of the API without its secret. Times are ISO 8601. */
export interface ApiKeyInfo {
  readonly keyId: string;
  readonly name: string;
  readonly state: 'active' | 'expired' | 'revoked';
  readonly tenant?: string;
  readonly providers?: readonly string[];
  readonly requestsPerMinute?: number;
  readonly createdAt: string;
  readonly expiresAt?: string;
  readonly revokedAt?: string;
  /** To the hour. Absent if it was not used within 400 days. */
  readonly lastUsedAt?: string;
}

/** A key that was just made. */
export interface NewApiKeyInfo extends ApiKeyInfo {
  /** The secret, which nobody can read again. */
  readonly key: string;
}

type Stored = Pick<HandlerConnection, 'items'>;

const MAX_NAME_LENGTH = 100;

/**
 * Makes a key of the API.
 *
 * @param now milliseconds since 1970
 * @param chance cryptographically secure
 * @returns the key, which nobody can read again, and what is stored of it
 * @throws ClientError `invalid_input`; then nothing was stored
 */
export async function createApiKey(
  { items, handler }: Stored & Pick<HandlerConnection, 'handler'>,
  options: ApiKeyOptions,
  now: number,
  chance: Pick<RandomSource, 'randomInt'> = systemChance,
): Promise<NewApiKeyInfo> {
  checkOptions(options, handler.providers, now);
  const { name, tenant, providers, requestsPerMinute, expiresAt, dailyBudget } = options;
  // Before the key, so that a key never works without the budget that it was made with.
  if (tenant !== undefined && dailyBudget !== undefined)
    await setDailyBudget({ items }, tenant, dailyBudget);
  const { keyId, key } = makeKey(chance);
  const stored = omitUndefined({
    ...{ keyId, name, tenant, requestsPerMinute, expiresAt },
    sha256: hashOf(key),
    providers: providers && [...providers],
    createdAt: now,
  });
  if (!(await apiKeyStore(items).create(stored)))
    throw new Error(`there is a key ${keyId} already, by chance: run the command again`);
  return { ...infoOf(stored, undefined, now), key };
}

/**
 * Sets what all batches of a tenant may cost in a UTC day.
 *
 * @param dailyBudget US dollars; undefined: no limit
 * @throws ClientError `invalid_input`; then nothing was stored
 */
export async function setDailyBudget(
  { items }: Stored,
  tenant: string,
  dailyBudget: number | undefined,
): Promise<void> {
  checkTenant(tenant);
  await updateTenant(
    { tenants: tenantStore(items) },
    tenant,
    ({ dailyBudget: _before, ...state }) => ({ ...state, ...omitUndefined({ dailyBudget }) }),
  );
}

function checkTenant(tenant: string): void {
  if (!TENANT_PATTERN.test(tenant))
    throw invalid(`${JSON.stringify(tenant)} is no tenant: use 1 to 64 of A-Z a-z 0-9 . _ -`);
}

function checkOptions(
  { name, tenant, providers = [], expiresAt, dailyBudget }: ApiKeyOptions,
  entries: readonly string[],
  now: number,
): void {
  if (name.trim() === '' || name.length > MAX_NAME_LENGTH)
    throw invalid(`the name of a key has 1 to ${MAX_NAME_LENGTH} characters, not ${name.length}`);
  if (tenant !== undefined) checkTenant(tenant);
  if (dailyBudget !== undefined && tenant === undefined)
    throw invalid('a daily budget is that of a tenant: name the tenant, too');
  const unknown = providers.filter((entry) => !entries.includes(entry));
  if (unknown.length > 0)
    throw invalid(`there is no provider ${unknown.join(', ')}: use some of ${entries.join(', ')}`);
  if (expiresAt !== undefined && expiresAt <= now)
    throw invalid(`the key would expire at ${iso(expiresAt)}, which is over: name a later time`);
}

/**
 * The keys of the API, the newest first. One that was revoked or has expired is there for 90 days more.
 *
 * @param now milliseconds since 1970
 * @param options.limit keys to list at most. Default: all
 */
export async function listApiKeys(
  { items }: Stored,
  now: number,
  { limit = Number.POSITIVE_INFINITY }: { readonly limit?: number } = {},
): Promise<readonly ApiKeyInfo[]> {
  const uses = keyUses(items);
  const listed: ApiKeyInfo[] = [];
  for await (const page of apiKeyStore(items).list()) {
    listed.push(
      ...(await Promise.all(
        page.map(async (key) => infoOf(key, await uses.lastUsedAt(key.keyId), now)),
      )),
    );
    if (listed.length >= limit) return listed.slice(0, limit);
  }
  return listed;
}

/**
 * Revokes a key of the API for good.
 *
 * @param keyIdOrKey its id, or a whole key that was found where it should not be
 * @param now milliseconds since 1970
 * @throws ClientError `invalid_input` if there is no such key
 */
export async function revokeApiKey(
  { items }: Stored,
  keyIdOrKey: string,
  now: number,
): Promise<ApiKeyInfo> {
  const keyId = keyIdOf(keyIdOrKey) ?? keyIdOrKey;
  const revoked = await apiKeyStore(items).revoke(keyId, now);
  if (!revoked) throw invalid(`there is no key ${keyId}: see batch-handler keys list`);
  return infoOf(revoked, await keyUses(items).lastUsedAt(keyId), now);
}

function infoOf(
  key: Omit<ApiKey, 'schemaVersion' | 'version'>,
  lastUsedAt: number | undefined,
  now: number,
): ApiKeyInfo {
  const { keyId, name, tenant, providers, requestsPerMinute } = key;
  const { createdAt, expiresAt, revokedAt } = key;
  const isExpired = expiresAt !== undefined && expiresAt <= now;
  return omitUndefined({
    ...{ keyId, name },
    state: revokedAt !== undefined ? 'revoked' : isExpired ? 'expired' : 'active',
    ...{ tenant, providers, requestsPerMinute },
    createdAt: iso(createdAt),
    expiresAt: isoIf(expiresAt),
    revokedAt: isoIf(revokedAt),
    lastUsedAt: isoIf(lastUsedAt),
  } as const);
}

function isoIf(time: number | undefined): string | undefined {
  return time === undefined ? undefined : iso(time);
}

function invalid(message: string): ClientError {
  return new ClientError('invalid_input', message);
}
