import { AzureOpenAI } from 'openai';
import type { Clients } from '../openai/provider.ts';
import { READ_RETRIES, READ_TIMEOUT_MS } from '../readBounds.ts';
import { streamingFetch } from '../streamingFetch.ts';
import type { AzureApi } from './endpoint.ts';

/** The resource's key, or what gives a token of Entra ID. */
export type Credential = { readonly apiKey: string } | { readonly tokens: () => Promise<string> };

export function azureClients({ baseUrl, version }: AzureApi, credential: Credential): Clients {
  // The SDK would take what is left out from the environment, and log to the console.
  const settings = {
    ...('apiKey' in credential
      ? { apiKey: credential.apiKey }
      : { apiKey: '', azureADTokenProvider: credential.tokens }),
    baseURL: baseUrl,
    apiVersion: version,
    adminAPIKey: null,
    organization: null,
    project: null,
    logLevel: 'off' as const,
  };
  return {
    reads: new AzureOpenAI({ ...settings, maxRetries: READ_RETRIES, timeout: READ_TIMEOUT_MS }),
    writes: new AzureOpenAI({ ...settings, maxRetries: 0, fetch: streamingFetch }),
  };
}
