import { providerSettingsSchema, type SettingsOf } from '../../../../shared/providerSettings.ts';
import { DEFAULT_LIMITS, type ProviderEntry } from '../../../../shared/providers/kinds.ts';
import { MemoryBucket } from '../../../../simulators/memory/bucket.ts';

type Settings = SettingsOf<'azure-openai'>;

export function azureSettings(changes: Partial<Settings> = {}): Settings {
  const baseUrl = 'https://example.openai.azure.com';
  return providerSettingsSchema.parse({ kind: 'azure-openai', baseUrl, ...changes }) as Settings;
}

/** An entry whose secret is `test-key`. */
export function azureConnection(
  baseUrl: string,
  changes: Partial<Settings> = {},
): ProviderEntry<'azure-openai'> {
  return {
    entry: 'azure',
    settings: azureSettings(changes),
    limits: DEFAULT_LIMITS['azure-openai'],
    baseUrl,
    secret: async () => 'test-key',
    objects: new MemoryBucket().store(),
    jobRole: undefined,
  };
}
