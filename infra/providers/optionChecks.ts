import type { SettingsOf } from '../../shared/providerSettings.ts';
import { ConfigurationError } from '../configurationError.ts';

type Vertex = SettingsOf<'vertex-ai'>;

/** Options of one factory that only make sense together, as settings have them. */

export function entraIdOf(tenantId: string | undefined, clientId: string | undefined) {
  if (tenantId !== undefined && clientId !== undefined) return { tenantId, clientId };
  if (tenantId === undefined && clientId === undefined) return undefined;
  throw new ConfigurationError(
    `tenantId is ${tenantId} and clientId is ${clientId}: give both for Entra ID, or neither for an API key`,
  );
}

export function storeOf(
  bucket: string | undefined,
  inputDataset: string | undefined,
  outputDataset: string | undefined,
): Vertex['store'] {
  const hasDataset = inputDataset !== undefined || outputDataset !== undefined;
  if (bucket !== undefined && !hasDataset) return { type: 'gcs', bucket };
  if (bucket === undefined && inputDataset !== undefined && outputDataset !== undefined)
    return { type: 'bigquery', inputDataset, outputDataset };
  throw new ConfigurationError(
    `bucket is ${bucket}, inputDataset is ${inputDataset} and outputDataset is ${outputDataset}: give either a bucket, or both datasets`,
  );
}

export function identityOf(
  audience: string | undefined,
  serviceAccount: string | undefined,
  secret: unknown,
): Vertex['workloadIdentity'] {
  if (audience !== undefined) {
    if (secret === undefined)
      return serviceAccount === undefined ? { audience } : { audience, serviceAccount };
    throw new ConfigurationError(
      'secret and workloadIdentityProvider are both given: with workload identity there is no key, so leave the secret out',
    );
  }
  if (serviceAccount === undefined) return undefined;
  throw new ConfigurationError(
    `serviceAccount is ${serviceAccount} without a workloadIdentityProvider: give that too, or leave it out, since a key is of one service account`,
  );
}

export function modelIdsOf(
  modelIds: readonly string[] | undefined,
  models: Readonly<Record<string, string>> | undefined,
): readonly string[] {
  const ids = [...new Set(modelIds ?? Object.values(models ?? {}))];
  if (ids.length > 0) return ids;
  throw new ConfigurationError(
    'Bedrock has neither modelIds nor models: name the ids or ARNs of the models that jobs may run on, such as modelIds: ["amazon.nova-lite-v1:0"]',
  );
}
