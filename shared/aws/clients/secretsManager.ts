import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type AwsAccess, bounds } from './base.ts';

export function secretsManagerClient(access: AwsAccess = {}): SecretsManagerClient {
  return new SecretsManagerClient({
    ...bounds({ requestTimeoutMs: 10_000, idleTimeoutMs: 10_000 }),
    ...access,
  });
}
