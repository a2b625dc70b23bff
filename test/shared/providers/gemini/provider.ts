import { type GeminiSettings, gemini } from '../../../../shared/providers/gemini/description.ts';
import { connectGemini } from '../../../../shared/providers/gemini/index.ts';
import type { Provider, WebhookTarget } from '../../../../shared/providers/provider.ts';
import { entryAt, settingsOf } from '../entry.ts';

export const API_KEY = 'AIza-test';

export const SETTINGS = settingsOf(gemini);

/** The provider at a simulator or a stub. */
export function geminiAt(
  baseUrl: string,
  settings: Partial<GeminiSettings> = {},
  webhook?: WebhookTarget,
): Promise<Provider> {
  return connectGemini({ ...entryAt(gemini, { baseUrl, secret: API_KEY, settings }), webhook });
}
