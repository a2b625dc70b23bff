import { providerSettingsSchema, type SettingsOf } from '../../../../shared/providerSettings.ts';
import { connectGemini } from '../../../../shared/providers/gemini/index.ts';
import { DEFAULT_LIMITS } from '../../../../shared/providers/kinds.ts';
import type { Provider } from '../../../../shared/providers/provider.ts';

export const API_KEY = 'AIza-test';

export const SETTINGS = providerSettingsSchema.parse({ kind: 'gemini' }) as SettingsOf<'gemini'>;

/** The provider at a simulator or a stub. */
export function geminiAt(
  baseUrl: string,
  settings: Partial<SettingsOf<'gemini'>> = {},
): Promise<Provider> {
  return connectGemini({
    entry: 'gemini',
    settings: { ...SETTINGS, ...settings },
    limits: DEFAULT_LIMITS.gemini,
    baseUrl,
    secret: () => Promise.resolve(API_KEY),
    // Nothing of Gemini's runs on the bucket.
    objects: {} as never,
    jobRole: undefined,
  });
}
