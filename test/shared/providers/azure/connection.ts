import { type AzureSettings, azureOpenAi } from '../../../../shared/providers/azure/description.ts';
import type { ProviderEntry } from '../../../../shared/providers/provider.ts';
import { entryAt, settingsOf } from '../entry.ts';

export function azureSettings(changes: Partial<AzureSettings> = {}): AzureSettings {
  return settingsOf(azureOpenAi, changes);
}

/** An entry whose secret is `test-key`. */
export function azureConnection(
  baseUrl: string,
  settings: Partial<AzureSettings> = {},
): ProviderEntry<AzureSettings> {
  return entryAt(azureOpenAi, { baseUrl, secret: 'test-key', settings });
}
