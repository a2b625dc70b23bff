import { join } from 'node:path';
import { ENVIRONMENT } from '../shared/config.ts';
import type { ProviderKind } from '../shared/providers/kinds.ts';
import { SECRET_PLACEHOLDER } from '../shared/providers/settings.ts';
import type { Settings } from '../shared/settings.ts';
import type { ReadyMessage } from '../simulators/engine/jobServer.ts';
import { type ServiceProcess, startService } from './emulators/serviceProcess.ts';
import {
  kindOf,
  LOCAL_KINDS,
  type LocalKind,
  type SimulatorContext,
  signingSecret,
} from './providerKinds.ts';
import { scriptPath } from './scriptPath.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface ProvidersOptions extends SimulatorContext {
  /** The entries of the stack's settings. */
  readonly entries: Settings['providers'];
  readonly dataDirectory: string;
  /** The outcomes of the simulated jobs of each batch. */
  readonly plan: readonly string[];
  /** How long a simulated job takes. */
  readonly jobSeconds: number;
  /** The address of a server that takes the place of every provider. Default: none does. */
  readonly baseUrl?: string | undefined;
  /** May hold the keys of real providers. */
  readonly environment: Environment;
}

/** The providers of a running stack: simulators, or real ones if there is a key for them. */
export interface LocalProviders {
  /** What they are, for people. */
  readonly description: string;
  /** The content of each entry's secret. */
  readonly secrets: ReadonlyMap<string, string>;
  /** The secret that signs the webhooks of each entry that takes them. */
  readonly webhookSecrets: ReadonlyMap<string, string>;
  /** Variables for the functions. */
  readonly environment: Readonly<Record<string, string>>;
  readonly processes: readonly ServiceProcess[];
}

/** Starts one simulator for each kind of provider that the stack has. */
export async function startProviders(options: ProvidersOptions): Promise<LocalProviders> {
  const { entries, environment, webhookUrls, baseUrl } = options;
  const kinds = new Map<ProviderKind, LocalProvider>();
  const processes: ServiceProcess[] = [];
  const secrets = new Map<string, string>();
  const webhookSecrets = new Map<string, string>();
  const baseUrls: Record<string, string> = {};
  try {
    for (const [name, { kind }] of Object.entries(entries)) {
      const provider =
        kinds.get(kind) ??
        addressedProvider(LOCAL_KINDS[kind], baseUrl, environment) ??
        realProvider(LOCAL_KINDS[kind], environment) ??
        (await startSimulator(kind, options));
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

/**
 * Whether a local run may call a real provider.
 *
 * @param name the one provider of the stack, as `--provider` names it. Default: any provider
 */
export function usesRealProvider(name: string | undefined, environment: Environment): boolean {
  const kind = name === undefined ? undefined : kindOf(name);
  const candidates = kind === undefined ? Object.values(LOCAL_KINDS) : [LOCAL_KINDS[kind]];
  return candidates.some((each) => realProvider(each, environment) !== undefined);
}

/** A gateway, a proxy or any other server of the user's. One without a key gets the simulator's. */
function addressedProvider(
  { name, key, secret }: LocalKind,
  baseUrl: string | undefined,
  environment: Environment,
): LocalProvider | undefined {
  if (baseUrl === undefined) return undefined;
  const own = (key && environment[key]) || undefined;
  const which = own ? `the key in ${key}` : `no key${key ? ` (none is in ${key})` : ''}`;
  return {
    description: `the server at ${baseUrl} as ${name}, with ${which}`,
    secret: own ?? secret,
    webhookSecret: () => SECRET_PLACEHOLDER,
    baseUrl,
  };
}

function realProvider(
  { name, key, real }: LocalKind,
  environment: Environment,
): LocalProvider | undefined {
  const secret = real && key && environment[key];
  if (!real || !secret) return undefined;
  const baseUrl = (real.baseUrl && environment[real.baseUrl]) || undefined;
  const at = baseUrl === undefined ? '' : ` at ${baseUrl}`;
  const description = `the real ${name} API${at}, billed to ${key}`;
  const signing = real.webhookSecret && environment[real.webhookSecret];
  return { description, secret, webhookSecret: () => signing || SECRET_PLACEHOLDER, baseUrl };
}

async function startSimulator(
  kind: ProviderKind,
  { entries, dataDirectory, plan, jobSeconds, ...context }: ProvidersOptions,
): Promise<LocalProvider> {
  const { name, simulator, secret, options } = LOCAL_KINDS[kind];
  const isOfKind = (entry: string) => entries[entry]?.kind === kind;
  const webhookUrls = new Map([...context.webhookUrls].filter(([entry]) => isOfKind(entry)));
  const process = await startService(
    `the ${name} simulator`,
    scriptPath('simulators', simulator, 'main'),
    {
      dataDir: join(dataDirectory, 'simulators', kind),
      plan,
      jobSeconds,
      ...options?.({ ...context, webhookUrls }),
    },
    join(dataDirectory, 'logs', `${kind}-simulator.log`),
  );
  const { url } = process.ready as ReadyMessage;
  const description = `the ${name} simulator at ${url}`;
  return { description, secret, webhookSecret: signingSecret, baseUrl: url, process };
}
