import type { Price } from '../../batch/cost.ts';
import {
  type ProviderKind,
  type ProviderSettings,
  type ProviderSettingsInput,
  providerSettingsSchema,
} from '../../providerSettings.ts';

/** What a kind cannot be without. Names that nothing is sent to: an estimate connects to nobody. */
const NEEDED: { readonly [K in ProviderKind]: ProviderSettingsInput } = {
  openai: { kind: 'openai' },
  'openai-compatible': { kind: 'openai-compatible', baseUrl: 'https://name.invalid/v1' },
  'azure-openai': { kind: 'azure-openai', baseUrl: 'https://name.openai.azure.com' },
  anthropic: { kind: 'anthropic' },
  'vertex-ai': {
    kind: 'vertex-ai',
    project: 'project',
    location: 'us-central1',
    store: { type: 'gcs', bucket: 'bucket' },
  },
  bedrock: { kind: 'bedrock', region: 'us-east-1' },
  gemini: { kind: 'gemini' },
};

export const PROVIDER_KINDS = Object.keys(NEEDED) as readonly ProviderKind[];

/**
 * An entry of a kind as it is without any settings.
 *
 * @param price the provider's list price of every model
 */
export function entryOfKind(kind: ProviderKind, price: Price | undefined): ProviderSettings {
  const prices = price === undefined ? {} : { prices: { '*': price } };
  return providerSettingsSchema.parse({ ...NEEDED[kind], ...prices });
}
