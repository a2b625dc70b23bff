import type { Construct } from 'constructs';
import * as z from 'zod';
import type { ProviderKind, ProviderSettingsInput } from '../../shared/providers/kinds.ts';
import type { AccessGrant, BindContext, GrantResult } from './access.ts';
import { type AnthropicOptions, anthropic, anthropicKind } from './anthropic.ts';
import { type AzureOpenAiOptions, azureOpenAi, azureOpenAiKind } from './azureOpenAi.ts';
import { type BedrockOptions, bedrock, bedrockKind } from './bedrock.ts';
import {
  type GeminiOptions,
  geminiKind,
  keyProvider,
  type MistralOptions,
  mistralKind,
  type TogetherOptions,
  togetherKind,
  type XaiOptions,
  xaiKind,
} from './keyKinds.ts';
import type { CommonOptions, ContextKind, ProviderDefinition } from './kind.ts';
import { type OpenAiOptions, openAi, openAiKind } from './openAi.ts';
import {
  type OpenAiCompatibleOptions,
  openAiCompatible,
  openAiCompatibleKind,
} from './openAiCompatible.ts';
import { type VertexAiOptions, vertexAi, vertexAiKind } from './vertexAi.ts';

/** The kinds of provider. A new kind is registered here for cdk.json, and has a factory below. */
const CONTEXT_KINDS = {
  openai: openAiKind,
  'openai-compatible': openAiCompatibleKind,
  'azure-openai': azureOpenAiKind,
  anthropic: anthropicKind,
  'vertex-ai': vertexAiKind,
  bedrock: bedrockKind,
  gemini: geminiKind,
  mistral: mistralKind,
  xai: xaiKind,
  together: togetherKind,
} satisfies { [K in ProviderKind]: { readonly schema: z.ZodType<{ kind: K }> } };

type KindSchema = (typeof CONTEXT_KINDS)[ProviderKind]['schema'];
const schemas = Object.values(CONTEXT_KINDS).map(({ schema }) => schema);

/**
 * The schema of an entry of `providers` in cdk.json.
 *
 * @internal
 */
export const providerContextSchema = z.discriminatedUnion(
  'kind',
  schemas as [KindSchema, ...KindSchema[]],
);
type ProviderContext = z.infer<typeof providerContextSchema>;

/**
 * An LLM provider with a Batch API, as an entry of the prop `providers`.
 *
 * The factories throw ConfigurationError for options that are invalid together.
 */
export class LlmProvider {
  /** OpenAI. */
  static openAi(options: OpenAiOptions = {}): LlmProvider {
    return new LlmProvider(openAi(options));
  }

  /** A service that implements OpenAI's Batch and Files APIs. */
  static openAiCompatible(options: OpenAiCompatibleOptions): LlmProvider {
    return new LlmProvider(openAiCompatible(options));
  }

  /** Azure OpenAI, with an API key, or with an Entra ID application and its client secret. */
  static azureOpenAi(options: AzureOpenAiOptions): LlmProvider {
    return new LlmProvider(azureOpenAi(options));
  }

  /** Anthropic. */
  static anthropic(options: AnthropicOptions = {}): LlmProvider {
    return new LlmProvider(anthropic(options));
  }

  /** Google Vertex AI, by workload identity federation or with the key of a service account. */
  static vertexAi(options: VertexAiOptions): LlmProvider {
    return new LlmProvider(vertexAi(options));
  }

  /** Amazon Bedrock, with the functions' own roles and a role for its jobs. */
  static bedrock(options: BedrockOptions): LlmProvider {
    return new LlmProvider(bedrock(options));
  }

  /** Google's Gemini API (ai.google.dev). */
  static gemini(options: GeminiOptions = {}): LlmProvider {
    return new LlmProvider(keyProvider('gemini', options));
  }

  /** Mistral. */
  static mistral(options: MistralOptions = {}): LlmProvider {
    return new LlmProvider(keyProvider('mistral', options));
  }

  /** xAI. */
  static xai(options: XaiOptions = {}): LlmProvider {
    return new LlmProvider(keyProvider('xai', options));
  }

  /** Together. */
  static together(options: TogetherOptions = {}): LlmProvider {
    return new LlmProvider(keyProvider('together', options));
  }

  /**
   * The provider of an entry of cdk.json.
   *
   * @param scope where resources are imported that the entry names
   * @internal
   */
  static fromContext(scope: Construct, name: string, entry: ProviderContext): LlmProvider {
    // The schema has matched the entry with its kind. The compiler cannot follow that through the table.
    const kind = CONTEXT_KINDS[entry.kind] as unknown as ContextKind<z.ZodType<ProviderContext>>;
    return new LlmProvider(kind.define(scope, name, entry));
  }

  /** The settings that ship beside the code. They hold no secret. */
  readonly settings: ProviderSettingsInput;
  /** Whether the provider sends webhooks when jobs end. */
  readonly webhook: boolean;
  readonly #access: AccessGrant;

  private constructor({ settings, access, webhook }: ProviderDefinition) {
    this.settings = settings;
    this.webhook = webhook;
    this.#access = access;
  }

  /**
   * Lets the functions of a handler call the provider: grants permissions and sets environment
   * variables.
   *
   * @param scope where resources are created that the options do not give
   * @param entry the name of the provider's entry
   */
  bind(scope: Construct, entry: string, context: BindContext): GrantResult {
    return this.#access.grant(scope, entry, context);
  }
}

export type {
  AnthropicOptions,
  AzureOpenAiOptions,
  BedrockOptions,
  CommonOptions,
  GeminiOptions,
  MistralOptions,
  OpenAiCompatibleOptions,
  OpenAiOptions,
  TogetherOptions,
  VertexAiOptions,
  XaiOptions,
};
