import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Clock } from '../batch/ports.ts';

/** Reads the providers' credentials. */
export interface Secrets {
  /** The secret's text; undefined if there is none. */
  get(secretArn: string): Promise<string | undefined>;
}

/** A credential that was filled in or changed takes effect within a minute. */
const CACHE_MS = 60_000;

/** Secrets Manager, with a cache that reads a secret at most once a minute. */
export function realSecrets(client: SecretsManagerClient, clock: Clock): Secrets {
  const cache = new Map<string, { value: Promise<string | undefined>; until: number }>();
  return {
    get(secretArn) {
      const known = cache.get(secretArn);
      if (known && clock.now() < known.until) return known.value;
      const value = readSecret(client, secretArn);
      const entry = { value, until: clock.now() + CACHE_MS };
      cache.set(secretArn, entry);
      value.catch(() => {
        if (cache.get(secretArn) === entry) cache.delete(secretArn);
      });
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
