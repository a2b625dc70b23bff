import { omitUndefined } from '../../shared/omitUndefined.ts';
import { KINDS } from '../../shared/providers/kinds.ts';
import { ConfigurationError } from '../configurationError.ts';
import type { AnySecret } from '../resources/secrets.ts';
import { secretAccess } from './access.ts';
import {
  API_KEY,
  type CommonOptions,
  contextKind,
  defineProvider,
  importSecret,
  type ProviderDefinition,
  secretArnShape,
} from './kind.ts';

/**
 * Options of `LlmProvider.azureOpenAi`.
 *
 * The model of a request is the name of a deployment of the resource, or mapped to one by `models`.
 */
export interface AzureOpenAiOptions extends CommonOptions {
  /** URL of the resource, such as `https://name.openai.azure.com`. */
  readonly baseUrl: string;
  /**
   * The secret that holds the API key, or the client secret of `clientId`, as plain text.
   *
   * @default - a secret is created; put the key in with `batch-handler key`
   */
  readonly secret?: AnySecret;
  /**
   * API version: a dated one, such as `2024-10-21`, or `v1`.
   *
   * @default v1
   */
  readonly apiVersion?: string;
  /**
   * Entra ID tenant of `clientId`. Requires `clientId`.
   *
   * @default - authenticates with an API key
   */
  readonly tenantId?: string;
  /**
   * Entra ID application with the role Cognitive Services OpenAI User on the resource. Requires
   * `tenantId`.
   *
   * @default - authenticates with an API key
   */
  readonly clientId?: string;
}

/** @throws ConfigurationError if only one of `tenantId` and `clientId` is given */
export function azureOpenAi(options: AzureOpenAiOptions): ProviderDefinition {
  const { secret, tenantId, clientId, ...settings } = options;
  const entraId = entraIdOf(tenantId, clientId);
  return defineProvider(
    { kind: 'azure-openai', ...settings, ...omitUndefined({ entraId }) },
    secretAccess(secret, entraId ? 'client secret' : API_KEY),
  );
}

export const azureOpenAiKind = contextKind({
  schema: KINDS['azure-openai'].settings.extend(secretArnShape),
  define: (scope, name, { kind, secretArn, entraId, ...options }) =>
    azureOpenAi(
      omitUndefined({ ...options, ...entraId, secret: importSecret(scope, name, secretArn) }),
    ),
});

function entraIdOf(tenantId: string | undefined, clientId: string | undefined) {
  if (tenantId !== undefined && clientId !== undefined) return { tenantId, clientId };
  if (tenantId === undefined && clientId === undefined) return undefined;
  throw new ConfigurationError(
    `tenantId is ${tenantId} and clientId is ${clientId}: give both for Entra ID, or neither for an API key`,
  );
}
