import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { bounds } from './bounds.ts';

export function secretsManagerClient(): SecretsManagerClient {
  return new SecretsManagerClient(bounds({ requestTimeoutMs: 10_000, idleTimeoutMs: 10_000 }));
}
