import type { Limits } from '../batch/limits.ts';
import type { ObjectStore } from '../batch/ports.ts';
import type { ProviderKind, SettingsOf } from '../providerSettings.ts';
import type { Description, Provider } from './provider.ts';

/** What a provider is made of. */
export interface Connection<K extends ProviderKind = ProviderKind> {
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
  readonly connect: (connection: Connection<K>) => Promise<Provider>;
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
