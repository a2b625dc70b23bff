import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Clock } from '../batch/ports.ts';

/** Reads the providers' credentials. */
export interface Secrets {
  /**
   * The secret's text; undefined if there is none.
   *
   * @param id name or ARN of the secret; a port of the user's gets the name of a provider entry that was
   *   given no secret
   * @param isFresh whether to read it anew: the value that was read before is missing or was refused
   */
  get(id: string, isFresh?: boolean): Promise<string | undefined>;
}

/**
 * How long the key of a provider is kept. A changed one takes effect then; where the old one is refused,
 * at once.
 */
export const SECRET_CACHE_MS = 15 * 60_000;

/** How long the secret of a webhook is kept, which nothing refuses that could tell that it is old. */
export const SIGNING_SECRET_CACHE_MS = 60_000;

/**
 * Secrets Manager, with a cache: each read is charged.
 *
 * @param cacheMs how long a secret is kept
 * @param isFilled whether a value is one that somebody has filled in. No other is kept: its owner is
 *   about to replace it
 */
export function realSecrets(
  client: SecretsManagerClient,
  clock: Pick<Clock, 'now'>,
  isFilled: (value: string | undefined) => boolean,
  cacheMs: number = SECRET_CACHE_MS,
): Secrets {
  const cache = new Map<string, { value: Promise<string | undefined>; until: number }>();
  return {
    get(secretArn, isFresh = false) {
      const known = cache.get(secretArn);
      if (known && !isFresh && clock.now() < known.until) return known.value;
      const value = readSecret(client, secretArn);
      const entry = { value, until: clock.now() + cacheMs };
      cache.set(secretArn, entry);
      const forget = () => {
        if (cache.get(secretArn) === entry) cache.delete(secretArn);
      };
      value.then((text) => {
        if (!isFilled(text)) forget();
      }, forget);
      return value;
    },
  };
}

async function readSecret(
  client: SecretsManagerClient,
  secretArn: string,
): Promise<string | undefined> {
  try {
    const secret = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
    return secret.SecretString;
  } catch (error) {
    // Also thrown for a secret that exists but was never given a value.
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}
