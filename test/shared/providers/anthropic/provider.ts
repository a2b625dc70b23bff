import {
  type AnthropicSettings,
  anthropic,
} from '../../../../shared/providers/anthropic/description.ts';
import { connectAnthropic } from '../../../../shared/providers/anthropic/index.ts';
import type { Provider } from '../../../../shared/providers/provider.ts';
import { entryAt, settingsOf } from '../entry.ts';

export const SETTINGS = settingsOf(anthropic);

/** The provider at a simulator or a stub. */
export function anthropicAt(
  baseUrl: string,
  settings: Partial<AnthropicSettings> = {},
): Promise<Provider> {
  return connectAnthropic(entryAt(anthropic, { baseUrl, secret: 'sk-ant-test', settings }));
}
