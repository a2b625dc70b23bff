import { omitUndefined } from '../../omitUndefined.ts';
import { credentialOf } from '../http.ts';
import {
  type Dialect,
  dropping,
  inOrder,
  readClient,
  renaming,
  writeClient,
} from '../openai/api.ts';
import { openAiDescription } from '../openai/description.ts';
import { batchProvider } from '../openai/index.ts';
import type { Provider, ProviderEntry } from '../provider.ts';
import type { CompatibleSettings } from './description.ts';

/** Connects to a service that speaks OpenAI's Batch API, at a base URL that ends in its version. */
export async function connectCompatible(
  entry: ProviderEntry<CompatibleSettings>,
): Promise<Provider> {
  const { settings, baseUrl, limits } = entry;
  const connection = { apiKey: credentialOf(entry.entry, await entry.secret()), baseUrl };
  const clients = { reads: readClient(connection), writes: writeClient(connection) };
  const dialect: Dialect = {
    // Only the author of the settings knows which of OpenAI's fields the service supports.
    lineChange: (job) => inOrder([dropping(settings.dropFields), renaming(settings, job)]),
    jobEndpoint: (endpoint) => endpoint,
    ...omitUndefined({ completionWindow: settings.completionWindow }),
    fileExpiry: 'if taken',
    keepsMetadata: false,
    // Groq has cursors of its own, and LiteLLM has skipped jobs: https://github.com/BerriAI/litellm/issues/37150
    listsAfterJob: false,
  };
  const provider = batchProvider(clients, openAiDescription, dialect, limits);
  return { ...provider, mayLackList: settings.allowMissingList ?? false };
}
