import { credentialOf } from '../credential.ts';
import type { Connection as Entry } from '../kinds.ts';
import type { Provider } from '../provider.ts';
import { type Connection, readClient, writeClient } from './client.ts';
import { openAiDescription } from './description.ts';
import type { Dialect } from './dialect.ts';
import { dropping, inOrder, renaming } from './lineChanges.ts';
import { batchProvider } from './provider.ts';

/** OpenAI's Batch API. */
export async function connectOpenAi(entry: Entry<'openai'>): Promise<Provider> {
  const apiKey = credentialOf(entry.entry, await entry.secret());
  return openAiProvider({ apiKey, baseUrl: entry.baseUrl }, entry);
}

/** A service that speaks like OpenAI's, at a base URL that ends in its version. */
export async function connectCompatible(entry: Entry<'openai-compatible'>): Promise<Provider> {
  const { settings, baseUrl, limits } = entry;
  const connection = { apiKey: credentialOf(entry.entry, await entry.secret()), baseUrl };
  const dialect: Dialect = {
    // Nobody knows what the service has of OpenAI's fields, but who made the entry.
    lineChange: (job) => inOrder([dropping(settings.dropFields), renaming(settings, job)]),
    jobEndpoint: (endpoint) => endpoint,
    isTolerant: true,
  };
  return batchProvider(clientsOf(connection), openAiDescription, dialect, limits);
}

/** OpenAI's Batch API, or a simulator of it, at `baseUrl` (which ends in `/v1`). */
export function openAiProvider(
  connection: Connection,
  { limits, settings }: Pick<Entry, 'limits'> & Partial<Pick<Entry<'openai'>, 'settings'>>,
): Provider {
  const models = settings?.models ?? {};
  const dialect: Dialect = {
    lineChange: (job) => renaming({ models }, job),
    jobEndpoint: (endpoint) => endpoint,
    isTolerant: false,
  };
  return batchProvider(clientsOf(connection), openAiDescription, dialect, limits);
}

function clientsOf(connection: Connection) {
  return { reads: readClient(connection), writes: writeClient(connection) };
}
