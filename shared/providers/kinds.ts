import type { Limits } from '../batch/limits.ts';
import type { ProviderSettings } from '../config.ts';
import { openAiDescription } from './openai/description.ts';
import type { Provider } from './provider.ts';

/** What a provider needs beside its settings. */
interface Connection {
  readonly apiKey: string;
  /** Default: the provider's public endpoint. */
  readonly baseUrl: string | undefined;
  readonly limits: Limits;
}

/** One kind of provider: what is known of it at once, and how the rest is loaded. */
interface Kind {
  readonly description: Pick<Provider, 'endpoints' | 'checkOptions'>;
  /** Loads the SDK, so a function that serves one kind loads no other. */
  readonly connect: (connection: Connection) => Promise<Provider>;
}

export const KINDS: Record<ProviderSettings['kind'], Kind> = {
  openai: {
    description: openAiDescription,
    connect: async (connection) => (await import('./openai/index.ts')).openAiProvider(connection),
  },
};
