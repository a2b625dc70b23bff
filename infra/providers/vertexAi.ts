import { omitUndefined } from '../../shared/omitUndefined.ts';
import { KINDS, type SettingsOf } from '../../shared/providers/kinds.ts';
import { ConfigurationError } from '../configurationError.ts';
import type { AnySecret } from '../resources/secrets.ts';
import { NO_ACCESS, secretAccess } from './access.ts';
import {
  type CommonOptions,
  contextKind,
  defineProvider,
  importSecret,
  type ProviderDefinition,
  secretArnShape,
} from './kind.ts';

/**
 * Options of `LlmProvider.vertexAi`.
 *
 * Jobs read and write either a Cloud Storage bucket or two BigQuery datasets. To use no keys, let
 * Google trust the functions' roles and set `workloadIdentityProvider`.
 */
export interface VertexAiOptions extends CommonOptions {
  /** Google Cloud project ID. */
  readonly project: string;
  /** Location of the jobs, such as `us-central1` or `global`. */
  readonly location: string;
  /**
   * Name of a Cloud Storage bucket in the project that jobs read and write.
   *
   * @default - jobs use `inputDataset` and `outputDataset`
   */
  readonly bucket?: string;
  /**
   * Name of a BigQuery dataset in the project for the input tables of jobs. Requires `outputDataset`.
   *
   * @default - jobs use `bucket`
   */
  readonly inputDataset?: string;
  /**
   * Name of a BigQuery dataset in the project for the output tables of jobs. Requires `inputDataset`.
   *
   * @default - jobs use `bucket`
   */
  readonly outputDataset?: string;
  /**
   * Provider of a workload identity pool that trusts the functions' roles:
   * `//iam.googleapis.com/projects/…/locations/global/workloadIdentityPools/…/providers/…`.
   *
   * @default - authenticates with the service account key in `secret`
   */
  readonly workloadIdentityProvider?: string;
  /**
   * E-mail address of the service account to impersonate. Requires `workloadIdentityProvider`.
   *
   * @default - the principal of the workload identity pool
   */
  readonly serviceAccount?: string;
  /**
   * The secret that holds the key of a service account, as JSON. Excludes `workloadIdentityProvider`.
   *
   * @default - a secret is created, unless `workloadIdentityProvider` is given
   */
  readonly secret?: AnySecret;
  /**
   * Base URL that replaces all of Google's hosts. Must be https, or http on localhost.
   *
   * @default - Google's public endpoints
   */
  readonly baseUrl?: string;
}

type Settings = SettingsOf<'vertex-ai'>;

/** @throws ConfigurationError for options that exclude or require each other */
export function vertexAi(options: VertexAiOptions): ProviderDefinition {
  const { secret, bucket, inputDataset, outputDataset, ...rest } = options;
  const { workloadIdentityProvider, serviceAccount, ...settings } = rest;
  const store = storeOf(bucket, inputDataset, outputDataset);
  const workloadIdentity = workloadIdentityOf(workloadIdentityProvider, serviceAccount, secret);
  return defineProvider(
    { kind: 'vertex-ai', ...settings, store, ...omitUndefined({ workloadIdentity }) },
    workloadIdentity ? NO_ACCESS : secretAccess(secret, 'JSON key of a service account'),
  );
}

export const vertexAiKind = contextKind({
  schema: KINDS['vertex-ai'].settings
    .extend(secretArnShape)
    .refine(({ secretArn, workloadIdentity }) => !secretArn || !workloadIdentity, {
      path: ['secretArn'],
      error: 'with workloadIdentity there is no key: leave it out',
    }),
  define(scope, name, { kind, secretArn, store, workloadIdentity, ...options }) {
    const { type, ...places } = store;
    return vertexAi(
      omitUndefined({
        ...options,
        ...places,
        workloadIdentityProvider: workloadIdentity?.audience,
        serviceAccount: workloadIdentity?.serviceAccount,
        secret: importSecret(scope, name, secretArn),
      }),
    );
  },
});

function storeOf(
  bucket: string | undefined,
  inputDataset: string | undefined,
  outputDataset: string | undefined,
): Settings['store'] {
  const hasDataset = inputDataset !== undefined || outputDataset !== undefined;
  if (bucket !== undefined && !hasDataset) return { type: 'gcs', bucket };
  if (bucket === undefined && inputDataset !== undefined && outputDataset !== undefined)
    return { type: 'bigquery', inputDataset, outputDataset };
  throw new ConfigurationError(
    `bucket is ${bucket}, inputDataset is ${inputDataset} and outputDataset is ${outputDataset}: give either a bucket, or both datasets`,
  );
}

function workloadIdentityOf(
  audience: string | undefined,
  serviceAccount: string | undefined,
  secret: AnySecret | undefined,
): Settings['workloadIdentity'] {
  if (audience !== undefined) {
    if (secret === undefined) return { audience, ...omitUndefined({ serviceAccount }) };
    throw new ConfigurationError(
      'secret and workloadIdentityProvider are both given: with workload identity there is no key, so leave the secret out',
    );
  }
  if (serviceAccount === undefined) return undefined;
  throw new ConfigurationError(
    `serviceAccount is ${serviceAccount} without a workloadIdentityProvider: give that too, or leave serviceAccount out, since a key belongs to one service account`,
  );
}
