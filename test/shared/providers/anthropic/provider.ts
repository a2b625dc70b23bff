import type { SettingsOf } from '../../../../shared/providerSettings.ts';
import { connectAnthropic } from '../../../../shared/providers/anthropic/index.ts';
import { DEFAULT_LIMITS } from '../../../../shared/providers/kinds.ts';
import type { Provider } from '../../../../shared/providers/provider.ts';

export const SETTINGS: SettingsOf<'anthropic'> = {
  kind: 'anthropic',
  limits: {},
  models: {},
  dropFields: [],
};

/** The provider at a simulator or a stub. */
export function anthropicAt(
  baseUrl: string,
  settings: Partial<SettingsOf<'anthropic'>> = {},
): Promise<Provider> {
  return connectAnthropic({
    entry: 'anthropic',
    settings: { ...SETTINGS, ...settings },
    limits: DEFAULT_LIMITS.anthropic,
    baseUrl,
    secret: () => Promise.resolve('sk-ant-test'),
    // Nothing of Anthropic's runs on the bucket.
    objects: {} as never,
    jobRole: undefined,
  });
}
