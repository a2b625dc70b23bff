import type { ObjectStore } from '../batch/ports.ts';
import type { ProviderKind, SettingsOf } from '../providerSettings.ts';
import type { Limits } from '../quota/admission.ts';
import type { Description, Provider } from './provider.ts';

/** What a provider is made of. */
export interface ProviderEntry<K extends ProviderKind = ProviderKind> {
  /** The entry's name, for errors. */
  readonly entry: string;
  readonly settings: SettingsOf<K>;
  /** The defaults of the kind, with what the settings change. */
  readonly limits: Limits;
  /** Checked: of the local run, or of the settings. Default: the provider's public endpoint. */
  readonly baseUrl: string | undefined;
  /** The present value of the entry's secret, if it has one. */
  secret(): Promise<string | undefined>;
  /** The handler's bucket, for providers whose jobs read and write it. */
  readonly objects: ObjectStore;
  /** ARN of the role that such jobs run under. */
  readonly jobRole: string | undefined;
}

/** One kind of provider. Both load their code when called: who serves one kind loads no other. */
export interface Kind<K extends ProviderKind = ProviderKind> {
  readonly describe: (settings: SettingsOf<K>) => Promise<Description>;
  /** Throws ProviderError `account` if its secret is not filled. */
  readonly connect: (connection: ProviderEntry<K>) => Promise<Provider>;
}

export const KINDS: { readonly [K in ProviderKind]: Kind<K> } = {
  openai: {
    describe: async () => (await import('./openai/description.ts')).openAiDescription,
    connect: async (connection) => (await import('./openai/index.ts')).connectOpenAi(connection),
  },
  'openai-compatible': {
    describe: async () => (await import('./openai/description.ts')).openAiDescription,
    connect: async (connection) =>
      (await import('./openai/index.ts')).connectCompatible(connection),
  },
  'azure-openai': {
    describe: async (settings) => (await import('./azure/description.ts')).describeAzure(settings),
    connect: async (connection) => (await import('./azure/index.ts')).connectAzure(connection),
  },
  anthropic: {
    describe: async (settings) =>
      (await import('./anthropic/description.ts')).describeAnthropic(settings),
    connect: async (connection) =>
      (await import('./anthropic/index.ts')).connectAnthropic(connection),
  },
  'vertex-ai': {
    describe: async (settings) =>
      (await import('./vertex/description.ts')).describeVertex(settings),
    connect: async (connection) => (await import('./vertex/index.ts')).connectVertex(connection),
  },
  bedrock: {
    describe: async (settings) =>
      (await import('./bedrock/description.ts')).describeBedrock(settings),
    connect: async (connection) => (await import('./bedrock/index.ts')).connectBedrock(connection),
  },
  gemini: {
    describe: async (settings) =>
      (await import('./gemini/description.ts')).describeGemini(settings),
    connect: async (connection) => (await import('./gemini/index.ts')).connectGemini(connection),
  },
};

/** What an entry of each kind may hold unless its settings say otherwise. */
export const DEFAULT_LIMITS: Record<ProviderKind, Limits> = {
  openai: {
    // OpenAI names no number.
    maxInFlight: 1_000,
    // About so many new batches an hour.
    maxStartsPerHour: 2_000,
    // Set per organisation and model, from 90 thousand to billions, and not readable by API. Above
    // it OpenAI refuses with token_limit_exceeded, which costs an upload and a wait, no attempt.
    maxEnqueuedTokens: 1_000_000_000,
    // https://platform.openai.com/docs/guides/batch: 50,000 requests and 200 MB a file, and 50,000
    // embedding inputs. MB is read as 10^6 bytes, which is allowed under either reading.
    maxRequests: 50_000,
    maxBytes: 200 * 1000 * 1000,
    maxEmbeddingInputs: 50_000,
  },
  // Nothing is known of it: OpenAI's numbers, with fewer jobs at once.
  'openai-compatible': {
    maxInFlight: 100,
    maxEnqueuedTokens: 1_000_000_000,
    maxRequests: 50_000,
    maxBytes: 200 * 1000 * 1000,
    maxEmbeddingInputs: 50_000,
  },
  'azure-openai': {
    // 500 input files without an expiry; ours have one, and are deleted when a job has ended.
    maxInFlight: 400,
    // Set per deployment.
    maxEnqueuedTokens: 1_000_000_000,
    // https://learn.microsoft.com/azure/ai-foundry/openai/how-to/batch
    maxRequests: 100_000,
    maxBytes: 200 * 1000 * 1000,
  },
  anthropic: {
    maxInFlight: 100,
    maxEnqueuedTokens: 1_000_000_000,
    // https://docs.claude.com/en/docs/build-with-claude/batch-processing: 100,000 requests or
    // 256 MB a batch, as Anthropic's own requests, which are somewhat smaller or larger.
    maxRequests: 100_000,
    maxBytes: 240 * 1000 * 1000,
  },
  'vertex-ai': {
    maxInFlight: 100,
    maxEnqueuedTokens: 1_000_000_000,
    // https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-gemini
    maxRequests: 200_000,
    maxBytes: 950 * 1000 * 1000,
  },
  bedrock: {
    // Sources disagree, 10 or 100: the smaller, until Service Quotas or the settings say more.
    maxInFlight: 10,
    maxEnqueuedTokens: 1_000_000_000,
    maxRequests: 50_000,
    maxBytes: 950 * 1000 * 1000,
  },
  gemini: {
    // https://ai.google.dev/gemini-api/docs/rate-limits: 100 jobs at once, 2 GB a file.
    maxInFlight: 100,
    maxEnqueuedTokens: 1_000_000_000,
    maxRequests: 200_000,
    maxBytes: 1_900 * 1000 * 1000,
  },
};
