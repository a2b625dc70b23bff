import type { SettingsOf } from '../../providerSettings.ts';
import { checkExpiry } from '../openai/description.ts';
import type { Description } from '../provider.ts';
import { isV1 } from './endpoint.ts';

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
