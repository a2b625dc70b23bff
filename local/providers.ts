import { join } from 'node:path';
import { ENVIRONMENT, type Settings } from '../shared/config.ts';
import type { ProviderKind } from '../shared/providers/kinds.ts';
import { SECRET_PLACEHOLDER } from '../shared/providers/settings.ts';
import type { ReadyMessage } from '../simulators/engine/jobServer.ts';
import { localServiceAccountKey } from '../simulators/vertex/tokens.ts';
import { type ServiceProcess, startService } from './emulators/serviceProcess.ts';
import { scriptPath } from './scriptPath.ts';

/** The providers of a local run: simulators, or real ones where there is a key for them. */
export interface LocalProviders {
  /** For the display. */
  readonly description: string;
  /** What the secret of each entry holds. */
  readonly secrets: ReadonlyMap<string, string>;
  /** What the webhooks of each entry that takes some are signed with. */
  readonly webhookSecrets: ReadonlyMap<string, string>;
  /** Added to the functions' environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly processes: readonly ServiceProcess[];
}

export interface ProvidersOptions {
  /** The entries of the stack's settings. */
  readonly entries: Settings['providers'];
  readonly dataDirectory: string;
  /** What a simulator does with the jobs of each batch. */
  readonly plan: readonly string[];
  /** How long a simulated job takes. */
  readonly jobSeconds: number;
  /** Where jobs that run on the handler's own bucket find it. */
  readonly bucketUrl: string;
  /** The EventBridge of this machine. */
  readonly eventsUrl: string;
  /** What becomes of Bedrock's events of the simulated jobs. Default: they are sent. */
  readonly eventPlan?: readonly string[];
  /** Where each entry that takes webhooks is sent them. */
  readonly webhookUrls: ReadonlyMap<string, string>;
  /** What becomes of the webhooks of the simulated jobs. Default: they are sent. */
  readonly webhookPlan?: readonly string[];
  /** Where the keys of real providers are looked for. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Starts one simulator for each kind of provider that the stack has. */
export async function startProviders(options: ProvidersOptions): Promise<LocalProviders> {
  const { entries, environment, webhookUrls } = options;
  const kinds = new Map<ProviderKind, LocalProvider>();
  const processes: ServiceProcess[] = [];
  const secrets = new Map<string, string>();
  const webhookSecrets = new Map<string, string>();
  const baseUrls: Record<string, string> = {};
  try {
    for (const [name, { kind }] of Object.entries(entries)) {
      const simulated = SIMULATED[kind];
      const provider =
        kinds.get(kind) ?? realOf(simulated, environment) ?? (await start(simulated, options));
      if (!kinds.has(kind) && provider.process) processes.push(provider.process);
      kinds.set(kind, provider);
      secrets.set(name, provider.secret);
      if (webhookUrls.has(name)) webhookSecrets.set(name, provider.webhookSecret(name));
      if (provider.baseUrl !== undefined) baseUrls[name] = provider.baseUrl;
    }
  } catch (error) {
    await Promise.all(processes.map((process) => process.stop()));
    throw error;
  }
  return {
    description: [...kinds.values()].map(({ description }) => description).join(', '),
    secrets,
    webhookSecrets,
    environment: { [ENVIRONMENT.providerBaseUrls]: JSON.stringify(baseUrls) },
    processes,
  };
}

interface LocalProvider {
  readonly description: string;
  readonly secret: string;
  readonly webhookSecret: (entry: string) => string;
  readonly baseUrl?: string | undefined;
  readonly process?: ServiceProcess;
}

/** Whether a local run may reach a real provider: of the one that is named, or of any. */
export function usesRealProvider(
  kind: ProviderKind | undefined,
  environment: ProvidersOptions['environment'],
): boolean {
  const candidates = kind === undefined ? Object.values(SIMULATED) : [SIMULATED[kind]];
  return candidates.some((simulated) => realOf(simulated, environment) !== undefined);
}

function realOf(
  { name, real }: Simulated,
  environment: ProvidersOptions['environment'],
): LocalProvider | undefined {
  const secret = real && environment[real.key];
  if (!real || !secret) return undefined;
  const baseUrl = real.baseUrl && environment[real.baseUrl];
  const at = baseUrl ? ` at ${baseUrl}` : '';
  const description = `the real ${name} API${at}, billed to ${real.key}`;
  const signing = real.webhookSecret && environment[real.webhookSecret];
  const webhookSecret = () => signing || SECRET_PLACEHOLDER;
  return { description, secret, webhookSecret, ...(baseUrl ? { baseUrl } : {}) };
}

async function start(
  simulated: Simulated,
  { dataDirectory, plan, jobSeconds, bucketUrl, ...options }: ProvidersOptions,
): Promise<LocalProvider> {
  const { name, folder, secret, real } = simulated;
  const { webhookUrls, webhookPlan, eventsUrl, eventPlan } = options;
  const webhooks = [...webhookUrls].map(([entry, url]) => ({ url, secret: signingSecret(entry) }));
  const process = await startService(
    `the ${name} simulator`,
    simulatorScript(simulated),
    {
      dataDir: join(dataDirectory, 'simulators', folder),
      plan,
      jobSeconds,
      ...(folder === 'bedrock' ? { s3Url: bucketUrl, eventsUrl, eventPlan } : {}),
      ...(real?.webhookSecret ? { webhooks, webhookPlan } : {}),
    },
    join(dataDirectory, 'logs', `${folder}-simulator.log`),
  );
  const { url } = process.ready as ReadyMessage;
  return {
    description: `the ${name} simulator at ${url}`,
    secret,
    webhookSecret: signingSecret,
    baseUrl: url,
    process,
  };
}

/** As good as any on a machine that nobody else reaches, and the same in every run. */
function signingSecret(entry: string): string {
  return `whsec_${Buffer.from(`local-simulator-${entry}`).toString('base64')}`;
}

/** How the providers of one kind are run on this machine. */
interface Simulated {
  /** For the display. */
  readonly name: string;
  /** Of its folder among the simulators. */
  readonly folder: string;
  /** What the entry's secret holds: a key that the simulator takes, and no provider would. */
  readonly secret: string;
  /** Environment variables of a real provider to be used instead, where one key is all it takes. */
  readonly real?: {
    readonly key: string;
    readonly baseUrl?: string;
    readonly webhookSecret?: string;
  };
}

const SIMULATED: Readonly<Record<ProviderKind, Simulated>> = {
  openai: {
    name: 'OpenAI',
    folder: 'openai',
    secret: 'sk-local-simulator',
    real: {
      key: 'OPENAI_API_KEY',
      baseUrl: 'OPENAI_BASE_URL',
      webhookSecret: 'OPENAI_WEBHOOK_SECRET',
    },
  },
  'openai-compatible': { name: 'OpenAI', folder: 'openai', secret: 'sk-local-simulator' },
  'azure-openai': { name: 'Azure OpenAI', folder: 'azure', secret: 'local-simulator' },
  anthropic: {
    name: 'Anthropic',
    folder: 'anthropic',
    secret: 'sk-ant-local-simulator',
    real: { key: 'ANTHROPIC_API_KEY' },
  },
  'vertex-ai': {
    name: 'Vertex AI',
    folder: 'vertex',
    // Made when it is needed: that takes a while.
    get secret() {
      return localServiceAccountKey();
    },
  },
  bedrock: { name: 'Bedrock', folder: 'bedrock', secret: '' },
  gemini: {
    name: 'Gemini API',
    folder: 'gemini',
    secret: 'local-simulator',
    real: { key: 'GEMINI_API_KEY' },
  },
};

function simulatorScript({ folder }: Simulated): string {
  return scriptPath('simulators', folder, 'main');
}

/** An entry of `providers` in the stack's settings. */
export type Entry = { readonly kind: ProviderKind } & Readonly<Record<string, unknown>>;

/** Requests may name any model: the example's, or those of a file made for another provider. */
const anyModelAs = (model: string) => ({ models: { '*': model } });

const GOOGLE = { project: 'local-project', location: 'us-central1' };

/** What `--provider` may name: the one provider of the stack that is then run. */
export const LOCAL_ENTRIES = {
  openai: { kind: 'openai' },
  'openai-compatible': { kind: 'openai-compatible', baseUrl: 'https://llm.example.com/v1' },
  azure: {
    kind: 'azure-openai',
    baseUrl: 'https://example.openai.azure.com',
    ...anyModelAs('my-deployment'),
  },
  anthropic: { kind: 'anthropic', ...anyModelAs('claude-haiku-4-5') },
  vertex: {
    kind: 'vertex-ai',
    ...GOOGLE,
    store: { type: 'gcs', bucket: 'local-bucket' },
    ...anyModelAs('gemini-2.5-flash'),
  },
  'vertex-bigquery': {
    kind: 'vertex-ai',
    ...GOOGLE,
    store: { type: 'bigquery', inputDataset: 'batch_inputs', outputDataset: 'batch_outputs' },
    ...anyModelAs('gemini-2.5-flash'),
  },
  bedrock: { kind: 'bedrock', ...anyModelAs('anthropic.claude-haiku-4-5-20251001-v1:0') },
  gemini: { kind: 'gemini', ...anyModelAs('gemini-2.5-flash') },
} as const satisfies Readonly<Record<string, Entry>>;

export type LocalProviderName = keyof typeof LOCAL_ENTRIES;
export const LOCAL_PROVIDER_NAMES = Object.keys(LOCAL_ENTRIES) as LocalProviderName[];
