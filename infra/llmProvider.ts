import type { Construct } from 'constructs';
import type { ProviderSettingsInput } from '../shared/providerSettings.ts';
import { type Access, type Granted, NO_ACCESS } from './providers/access.ts';
import { bedrockAccess } from './providers/bedrockAccess.ts';
import { checkBaseUrl } from './providers/checkBaseUrl.ts';
import type { BedrockOptions, VertexAiOptions } from './providers/cloudOptions.ts';
import { entraIdOf, identityOf, modelIdsOf, storeOf } from './providers/optionChecks.ts';
import type {
  AnthropicOptions,
  AzureOpenAiOptions,
  CommonOptions,
  GeminiOptions,
  OpenAiCompatibleOptions,
  OpenAiOptions,
} from './providers/options.ts';
import type { ProviderHost } from './providers/providerHost.ts';
import { secretAccess } from './providers/secretAccess.ts';

const API_KEY = 'API key';

/**
 * A provider of batch jobs: what a message's `provider` may name.
 *
 * All factories throw ConfigurationError for options that could not work together.
 */
export class LlmProvider {
  /** OpenAI. */
  static openAi({ secret, webhook = false, ...settings }: OpenAiOptions = {}): LlmProvider {
    const access = secretAccess(secret, API_KEY);
    return LlmProvider.#of({ kind: 'openai', ...settings }, access, webhook);
  }

  /** A service that speaks OpenAI's Batch and Files APIs. */
  static openAiCompatible({ secret, ...settings }: OpenAiCompatibleOptions): LlmProvider {
    const access = secretAccess(secret, API_KEY);
    return LlmProvider.#of({ kind: 'openai-compatible', ...settings }, access);
  }

  /** Azure OpenAI, with an API key, or with an application of Entra ID and its client secret. */
  static azureOpenAi(options: AzureOpenAiOptions): LlmProvider {
    const { secret, tenantId, clientId, ...settings } = options;
    const entraId = entraIdOf(tenantId, clientId);
    return LlmProvider.#of(
      { kind: 'azure-openai', ...settings, ...(entraId ? { entraId } : {}) },
      secretAccess(secret, entraId ? 'client secret' : API_KEY),
    );
  }

  /** Anthropic. */
  static anthropic({ secret, ...settings }: AnthropicOptions = {}): LlmProvider {
    return LlmProvider.#of({ kind: 'anthropic', ...settings }, secretAccess(secret, API_KEY));
  }

  /** Vertex AI, by workload identity federation or with the key of a service account. */
  static vertexAi(options: VertexAiOptions): LlmProvider {
    const { secret, bucket, inputDataset, outputDataset, ...rest } = options;
    const { workloadIdentityProvider, serviceAccount, ...settings } = rest;
    const store = storeOf(bucket, inputDataset, outputDataset);
    const workloadIdentity = identityOf(workloadIdentityProvider, serviceAccount, secret);
    return LlmProvider.#of(
      { kind: 'vertex-ai', ...settings, store, ...(workloadIdentity ? { workloadIdentity } : {}) },
      workloadIdentity ? NO_ACCESS : secretAccess(secret, 'JSON key of a service account'),
    );
  }

  /** Amazon Bedrock, with the functions' own permissions and a role for its jobs. */
  static bedrock({ modelIds, jobRole, ...settings }: BedrockOptions): LlmProvider {
    const ids = modelIdsOf(modelIds, settings.models);
    const grants = { region: settings.region, modelIds: ids, jobRole };
    return LlmProvider.#of({ kind: 'bedrock', ...settings }, bedrockAccess(grants));
  }

  /** The Gemini API of ai.google.dev. */
  static gemini({ secret, ...settings }: GeminiOptions = {}): LlmProvider {
    return LlmProvider.#of({ kind: 'gemini', ...settings }, secretAccess(secret, API_KEY));
  }

  static #of(
    { models = {}, dropFields = [], ...settings }: SettingsWithOptions,
    access: Access,
    webhook = false,
  ): LlmProvider {
    if (settings.baseUrl !== undefined) checkBaseUrl(settings.baseUrl);
    const copies = { models: { ...models }, dropFields: [...dropFields] };
    return new LlmProvider({ ...settings, ...copies }, access, webhook);
  }

  /** What ships beside the code: nothing secret. */
  readonly settings: ProviderSettingsInput;
  /** Whether it tells the handler of the ends of its jobs. */
  readonly webhook: boolean;
  readonly #access: Access;

  private constructor(settings: ProviderSettingsInput, access: Access, webhook: boolean) {
    this.settings = settings;
    this.webhook = webhook;
    this.#access = access;
  }

  /**
   * Lets the functions of a handler call the provider: the permissions and the environment
   * together.
   *
   * @param scope where what was not given is created
   * @param entry the name of the provider's entry
   */
  bind(scope: Construct, entry: string, host: ProviderHost): Granted {
    return this.#access.grant(scope, entry, host);
  }
}

/** Of options, collections are read-only. */
type SettingsWithOptions = {
  [K in ProviderSettingsInput['kind']]: Omit<
    Extract<ProviderSettingsInput, { kind: K }>,
    'models' | 'dropFields'
  > &
    Pick<CommonOptions, 'models' | 'dropFields'>;
}[ProviderSettingsInput['kind']];
