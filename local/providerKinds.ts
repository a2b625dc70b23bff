import type { ProviderKind } from '../shared/providers/kinds.ts';
import { localServiceAccountKey } from '../simulators/vertex/tokens.ts';

/** How the providers of one kind run on this machine. */
export interface LocalKind {
  /** The provider's name in messages. */
  readonly name: string;
  /** The simulator's folder in `simulators/`. */
  readonly simulator: string;
  /** Content of the entry's secret: a key that the simulator accepts and no provider does. */
  readonly secret: string;
  /** Options of the simulator besides those that all have. */
  readonly options?: (context: SimulatorContext) => object;
  /** The environment variable with the key of the real provider. */
  readonly key?: string;
  /** Set if that key alone selects the real provider. Other variables tell where it is. */
  readonly real?: { readonly baseUrl?: string; readonly webhookSecret?: string };
  /** The entries that `--provider` can name, with their settings. */
  readonly entries: Readonly<Record<string, object>>;
}

/** What a simulator may need to know of the running stack. */
export interface SimulatorContext {
  /** S3's address, for jobs that read from and write to the handler's bucket. */
  readonly bucketUrl: string;
  /** EventBridge's address. */
  readonly eventsUrl: string;
  /** What becomes of the events of jobs that end. Default: all are sent. */
  readonly eventPlan?: readonly string[];
  /** The URL for the webhooks of each entry of the kind that takes them. */
  readonly webhookUrls: ReadonlyMap<string, string>;
  /** What becomes of the webhooks of jobs that end. Default: all are sent. */
  readonly webhookPlan?: readonly string[];
}

/** Maps every model, so that the example and files for other providers run, too. */
const anyModelAs = (model: string) => ({ models: { '*': model } });

const GOOGLE = { project: 'local-project', location: 'us-central1' };

/** How each kind of provider runs locally. A new kind needs one entry here. */
export const LOCAL_KINDS: Readonly<Record<ProviderKind, LocalKind>> = {
  openai: {
    name: 'OpenAI',
    simulator: 'openai',
    secret: 'sk-local-simulator',
    options: ({ webhookUrls, webhookPlan }) => ({
      webhooks: [...webhookUrls].map(([entry, url]) => ({ url, secret: signingSecret(entry) })),
      webhookPlan,
    }),
    key: 'OPENAI_API_KEY',
    real: {
      baseUrl: 'OPENAI_BASE_URL',
      webhookSecret: 'OPENAI_WEBHOOK_SECRET',
    },
    entries: { openai: {} },
  },
  'openai-compatible': {
    name: 'OpenAI',
    simulator: 'openai',
    secret: 'sk-local-simulator',
    key: 'OPENAI_API_KEY',
    entries: { 'openai-compatible': { baseUrl: 'https://llm.example.com/v1' } },
  },
  'azure-openai': {
    name: 'Azure OpenAI',
    simulator: 'azure',
    secret: 'local-simulator',
    key: 'AZURE_OPENAI_API_KEY',
    entries: {
      azure: { baseUrl: 'https://example.openai.azure.com', ...anyModelAs('my-deployment') },
    },
  },
  anthropic: {
    name: 'Anthropic',
    simulator: 'anthropic',
    secret: 'sk-ant-local-simulator',
    key: 'ANTHROPIC_API_KEY',
    real: {},
    entries: { anthropic: anyModelAs('claude-haiku-4-5') },
  },
  'vertex-ai': {
    name: 'Vertex AI',
    simulator: 'vertex',
    // Generated only when needed, because generating a key takes a moment.
    get secret() {
      return localServiceAccountKey();
    },
    entries: {
      vertex: {
        ...GOOGLE,
        store: { type: 'gcs', bucket: 'local-bucket' },
        ...anyModelAs('gemini-2.5-flash'),
      },
      'vertex-bigquery': {
        ...GOOGLE,
        store: { type: 'bigquery', inputDataset: 'batch_inputs', outputDataset: 'batch_outputs' },
        ...anyModelAs('gemini-2.5-flash'),
      },
    },
  },
  bedrock: {
    name: 'Bedrock',
    simulator: 'bedrock',
    secret: '',
    options: ({ bucketUrl, eventsUrl, eventPlan }) => ({ s3Url: bucketUrl, eventsUrl, eventPlan }),
    entries: { bedrock: anyModelAs('anthropic.claude-haiku-4-5-20251001-v1:0') },
  },
  gemini: {
    name: 'Gemini API',
    simulator: 'gemini',
    secret: 'local-simulator',
    options: ({ webhookPlan }) => ({ webhookPlan }),
    key: 'GEMINI_API_KEY',
    real: {},
    entries: { gemini: anyModelAs('gemini-2.5-flash') },
  },
  mistral: {
    name: 'Mistral',
    simulator: 'mistral',
    secret: 'local-simulator',
    key: 'MISTRAL_API_KEY',
    real: {},
    entries: { mistral: anyModelAs('mistral-small-latest') },
  },
  xai: {
    name: 'xAI',
    simulator: 'xai',
    secret: 'xai-local-simulator',
    key: 'XAI_API_KEY',
    real: {},
    entries: { xai: anyModelAs('grok-4.3') },
  },
  together: {
    name: 'Together',
    simulator: 'together',
    secret: 'local-simulator',
    key: 'TOGETHER_API_KEY',
    real: {},
    entries: { together: anyModelAs('meta-llama/Llama-3.3-70B-Instruct-Turbo') },
  },
};

/** An entry of `providers` in the stack's settings. */
interface LocalEntry {
  readonly kind: ProviderKind;
}

const ENTRIES: ReadonlyMap<string, LocalEntry> = new Map(
  (Object.keys(LOCAL_KINDS) as ProviderKind[]).flatMap((kind) =>
    Object.entries(LOCAL_KINDS[kind].entries).map(([name, settings]) => [
      name,
      { kind, ...settings },
    ]),
  ),
);

/** What `--provider` can name: the one provider that the stack then has. */
export const LOCAL_PROVIDER_NAMES: readonly string[] = [...ENTRIES.keys()];

/** The kind of an entry that `--provider` can name. */
export function kindOf(name: string): ProviderKind | undefined {
  return ENTRIES.get(name)?.kind;
}

/**
 * The `providers` of a stack with one provider.
 *
 * @param name one of {@link LOCAL_PROVIDER_NAMES}
 */
export function localProviders(name: string): Readonly<Record<string, LocalEntry>> {
  const entry = ENTRIES.get(name);
  if (entry === undefined)
    throw new Error(`unknown provider ${name}, use ${LOCAL_PROVIDER_NAMES.join(', ')}`);
  return { [name]: entry };
}

/** No secret needs to be secret on the loopback. It is the same in every run. */
export function signingSecret(entry: string): string {
  return `whsec_${Buffer.from(`local-simulator-${entry}`).toString('base64')}`;
}
