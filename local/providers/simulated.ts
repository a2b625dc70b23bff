import type { ProviderKind } from '../../shared/providerSettings.ts';
import { scriptPath } from '../scriptPath.ts';
import { localServiceAccountKey } from '../simulators/vertex/localKey.ts';

/** How the providers of one kind are run on this machine. */
export interface Simulated {
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

export const SIMULATED: Readonly<Record<ProviderKind, Simulated>> = {
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

export function simulatorScript({ folder }: Simulated): string {
  return scriptPath('simulators', folder, 'main');
}
