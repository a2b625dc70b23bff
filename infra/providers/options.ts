import type { SettingsOf } from '../../shared/providerSettings.ts';
import type { AnySecret } from './secretAccess.ts';

/** What every provider entry may have. */
export interface CommonOptions {
  /**
   * What the entry may hold at the provider at once, and what one of its files may hold.
   *
   * @default - the provider's published limits
   */
  readonly limits?: SettingsOf<'openai'>['limits'];
  /**
   * The provider's name for a request's model, by the name that requests use; `*` stands for every
   * name that is not in the map.
   *
   * @default - requests name the provider's models themselves
   */
  readonly models?: Readonly<Record<string, string>>;
  /**
   * Fields of requests that are left out where the provider cannot express them, such as `seed`.
   *
   * @default - a request with such a field is refused, naming it
   */
  readonly dropFields?: readonly string[];
  /**
   * The provider's list prices, in USD per million tokens, by the name that requests use for a
   * model, else by the provider's own; `*` stands for every other model.
   *
   * @default - what a batch costs is unknown
   */
  readonly prices?: SettingsOf<'openai'>['prices'];
  /**
   * What batches get off the list prices, from 0 to 1.
   *
   * @default 0.5
   */
  readonly batchDiscount?: number;
  /**
   * USD in a UTC day: what would go over it waits for the next day.
   *
   * @default - no bound
   */
  readonly dailyBudget?: NonNullable<SettingsOf<'openai'>['dailyBudget']>;
}

/** For a provider whose API takes a key. */
interface KeyOptions extends CommonOptions {
  /**
   * The secret that holds the API key, as plain text.
   *
   * @default - one is created; put the key in with `aws secretsmanager put-secret-value`
   */
  readonly secret?: AnySecret;
  /**
   * Where the API is: https, or http on the machine itself.
   *
   * @default - the provider's own
   */
  readonly baseUrl?: string;
}

/** OpenAI. */
export interface OpenAiOptions extends KeyOptions {
  /**
   * Takes OpenAI's webhooks at a URL of the handler's own, so that a job that has ended is seen to
   * at once. Then the URL is entered at OpenAI, and the signing secret put into the secret that is
   * created for it.
   *
   * @default false: what has ended is seen by the next sweep
   */
  readonly webhook?: boolean;
}

/** A service that speaks OpenAI's Batch and Files APIs. */
export interface OpenAiCompatibleOptions extends KeyOptions {
  /** Where the API is: https, or http on the machine itself. It ends in the version, such as `/v1`. */
  readonly baseUrl: string;
}

/** Azure OpenAI. A request's model is a deployment of the resource, by `models`. */
export interface AzureOpenAiOptions extends CommonOptions {
  /** The resource, such as `https://name.openai.azure.com`. */
  readonly baseUrl: string;
  /**
   * The secret that holds the API key, or the client secret of `clientId`, as plain text.
   *
   * @default - one is created; put the key in with `aws secretsmanager put-secret-value`
   */
  readonly secret?: AnySecret;
  /**
   * A version of the API with a date, such as `2024-10-21`, or `v1`.
   *
   * @default v1
   */
  readonly apiVersion?: string;
  /**
   * The Entra ID tenant of `clientId`. The two are given together.
   *
   * @default - an API key is used
   */
  readonly tenantId?: string;
  /**
   * The application that has the role Cognitive Services OpenAI User at the resource.
   *
   * @default - an API key is used
   */
  readonly clientId?: string;
}

/** Anthropic. */
export interface AnthropicOptions extends KeyOptions {}

/** The Gemini API of ai.google.dev. */
export interface GeminiOptions extends KeyOptions {}
