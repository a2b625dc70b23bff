import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENVIRONMENT, SETTINGS_FILE, settingsSchema } from '../shared/config.ts';
import { type ServiceProcess, startService } from './emulators/serviceProcess.ts';
import type { Announcement } from './simulators/childProcess.ts';
import type { OpenAiOptionsInput } from './simulators/openai/options.ts';
import type { FunctionResource } from './template/resources.ts';

/** The provider of a local run: a simulator, or the real one where there is a key for it. */
export interface LocalProvider {
  /** For the display. */
  readonly description: string;
  /** The value of the stack's secrets. */
  readonly key: string;
  /** Added to the functions' environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly processes: readonly ServiceProcess[];
}

export interface ProviderOptions {
  readonly functions: readonly FunctionResource[];
  readonly dataDirectory: string;
  /** What the simulator does with the jobs of each batch. */
  readonly plan: readonly string[];
  /** How long a simulated job takes. */
  readonly jobSeconds: number;
  /** Where OPENAI_API_KEY and OPENAI_BASE_URL are looked for. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A key that the simulator takes, and no provider would. */
const SIMULATOR_KEY = 'sk-local-simulator';

export async function startProvider(options: ProviderOptions): Promise<LocalProvider> {
  const { OPENAI_API_KEY: key, OPENAI_BASE_URL: baseUrl } = options.environment;
  if (key) {
    return {
      description: `the real OpenAI API${baseUrl ? ` at ${baseUrl}` : ''}, billed to OPENAI_API_KEY`,
      key,
      environment: baseUrl ? baseUrls(options.functions, baseUrl) : {},
      processes: [],
    };
  }
  const simulatorOptions: OpenAiOptionsInput = {
    dataDir: join(options.dataDirectory, 'simulators', 'openai'),
    plan: [...options.plan],
    jobSeconds: options.jobSeconds,
  };
  const process = await startService(
    'the OpenAI simulator',
    join(import.meta.dirname, 'simulators', 'openai', 'main.ts'),
    simulatorOptions,
    join(options.dataDirectory, 'logs', 'openai-simulator.log'),
  );
  const { url } = process.ready as Announcement;
  return {
    description: `the OpenAI simulator at ${url}`,
    key: SIMULATOR_KEY,
    environment: baseUrls(options.functions, url),
    processes: [process],
  };
}

/** Points every provider entry that speaks OpenAI's API to one base URL. */
function baseUrls(functions: readonly FunctionResource[], url: string): Record<string, string> {
  const files = functions.map(({ directory }) => join(directory, SETTINGS_FILE));
  const file = files.find((path) => existsSync(path));
  if (file === undefined) return {};
  const { providers } = settingsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const entries = Object.entries(providers).filter(([, { kind }]) => kind === 'openai');
  const urls = Object.fromEntries(entries.map(([name]) => [name, url]));
  return { [ENVIRONMENT.providerBaseUrls]: JSON.stringify(urls) };
}
