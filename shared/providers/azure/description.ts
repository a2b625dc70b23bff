import type { SettingsOf } from '../../providerSettings.ts';
import { checkExpiry } from '../openai/description.ts';
import type { Description } from '../provider.ts';

// https://learn.microsoft.com/azure/foundry/openai/how-to/batch: 14 to 30 days
const EXPIRY_SECONDS = { min: 1_209_600, max: 2_592_000 };

/** What is known of Azure OpenAI without credentials or its SDK. */
export function describeAzure({ apiVersion }: SettingsOf<'azure-openai'>): Description {
  return {
    // The same page: embeddings are not supported, and responses with the v1 API only.
    endpoints: ['/v1/chat/completions', ...(isV1(apiVersion) ? ['/v1/responses'] : [])],
    checkOptions: (options) => checkExpiry('Azure OpenAI', options, EXPIRY_SECONDS),
  };
}

/** The API whose paths have no date. It is the one that this version was tested with. */
const DEFAULT_VERSION = 'v1';

export interface AzureApi {
  /** Base of the SDK's paths. */
  readonly baseUrl: string;
  readonly version: string;
  /** The v1 API, whose requests name endpoints as OpenAI's do. */
  readonly isV1: boolean;
}

/** Whether an API version is the v1 API, or its preview, and not one of a date. */
export function isV1(version = DEFAULT_VERSION): boolean {
  return !/^\d{4}-\d{2}-\d{2}/.test(version);
}

/**
 * Where the API of a resource is: https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle
 *
 * @param resource such as https://name.openai.azure.com; the paths below it may be there already
 */
export function azureApi(resource: string, version = DEFAULT_VERSION): AzureApi {
  const base = resource.replace(/\/+$/, '').replace(/\/openai(\/v1)?$/, '');
  return isV1(version)
    ? { baseUrl: `${base}/openai/v1`, version, isV1: true }
    : { baseUrl: `${base}/openai`, version, isV1: false };
}
