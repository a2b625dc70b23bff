import { join } from 'node:path';
import { ENVIRONMENT, SECRET_PLACEHOLDER, type Settings } from '../../shared/config.ts';
import type { ProviderKind } from '../../shared/providerSettings.ts';
import { type ServiceProcess, startService } from '../emulators/serviceProcess.ts';
import type { Announcement } from '../simulators/childProcess.ts';
import { SIMULATED, type Simulated, simulatorScript } from './simulated.ts';

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
export function mayReachReal(
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
  const { url } = process.ready as Announcement;
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
