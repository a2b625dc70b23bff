import { AzureOpenAI } from 'openai';
import type { RequestLine } from '../../jsonl/checkRequest.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import {
  credentialOf,
  READ_RETRIES,
  READ_TIMEOUT_MS,
  readingFetch,
  streamingFetch,
} from '../http.ts';
import { type Dialect, dropping, inOrder, renaming } from '../openai/api.ts';
import { batchProvider, type Clients } from '../openai/index.ts';
import type { Provider, ProviderEntry } from '../provider.ts';
import type { RequestSettings } from '../settings.ts';
import { type AzureApi, type AzureSettings, azureApi, describeAzure } from './description.ts';
import { ENTRA_URL, entraTokens } from './entraToken.ts';

/**
 * Connects to Azure OpenAI's Batch API. The requests' model is a deployment, by the entry's `models`.
 *
 * @param entraUrl base URL of Entra ID
 */
export async function connectAzure(
  { entry, settings, limits, baseUrl, secret }: ProviderEntry<AzureSettings>,
  entraUrl = ENTRA_URL,
): Promise<Provider> {
  const key = credentialOf(entry, await secret());
  const { entraId } = settings;
  const credential: Credential = entraId
    ? { tokens: entraTokens({ ...entraId, clientSecret: key }, entraUrl) }
    : { apiKey: key };
  const api = azureApi(baseUrl ?? settings.baseUrl, settings.apiVersion);
  return batchProvider(
    azureClients(api, credential),
    describeAzure(settings),
    azureDialect(settings, api),
    limits,
  );
}

/** The resource's key, or a function that gives a token of Entra ID. */
type Credential = { readonly apiKey: string } | { readonly tokens: () => Promise<string> };

function azureClients({ baseUrl, version }: AzureApi, credential: Credential): Clients {
  // The SDK would read options that are left out from the environment, and log to the console.
  const options = {
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
    reads: new AzureOpenAI({
      ...options,
      maxRetries: READ_RETRIES,
      timeout: READ_TIMEOUT_MS,
      fetch: readingFetch,
    }),
    writes: new AzureOpenAI({ ...options, maxRetries: 0, fetch: streamingFetch }),
  };
}

/**
 * The longest expiry. With an expiry, a resource keeps 10,000 files instead of 500. Stable versions
 * with a date have no expiries:
 * https://github.com/Azure/azure-rest-api-specs, AzureOpenAI/inference/stable/2024-10-21
 */
const OUTPUT_EXPIRY_SECONDS = 2_592_000;

/** How Azure's Batch API differs from OpenAI's. */
export function azureDialect(
  settings: RequestSettings,
  { isV1, isPreview }: Pick<AzureApi, 'isV1' | 'isPreview'>,
): Dialect {
  return {
    lineChange: (job) =>
      inOrder([
        dropping(settings.dropFields),
        renaming(settings, job),
        withoutNullContent,
        isV1 ? undefined : withoutVersion,
      ]),
    // Required, without a version, and without effect: the lines name their endpoint themselves.
    // https://learn.microsoft.com/azure/foundry/openai/how-to/batch, "Create batch job"
    jobEndpoint: () => '/chat/completions',
    ...omitUndefined({ outputExpiresAfterSeconds: isV1 ? OUTPUT_EXPIRY_SECONDS : undefined }),
    fileExpiry: isV1 ? 'always' : isPreview ? 'if taken' : 'never',
    // It may come back as null.
    keepsMetadata: true,
    // https://learn.microsoft.com/azure/foundry/reference/rest/batches-list-batches
    listsAfterJob: true,
  };
}

/** Azure refuses `content: null`, which OpenAI's own answers with tool calls have. */
function withoutNullContent(line: RequestLine): RequestLine {
  const { messages } = line.body;
  if (!Array.isArray(messages) || !messages.some(hasNullContent)) return line;
  const filled = messages.map((message) =>
    hasNullContent(message) ? { ...message, content: '' } : message,
  );
  return { ...line, body: { ...line.body, messages: filled } };
}

function hasNullContent(message: unknown): message is object {
  return (message as { content?: unknown } | null)?.content === null;
}

/** Before the v1 API, lines name /chat/completions. */
function withoutVersion(line: RequestLine): RequestLine {
  const url = line.url.replace(/^\/v1(?=\/)/, '');
  return url === line.url ? line : { ...line, url };
}
