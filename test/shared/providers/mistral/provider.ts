import { type MistralSettings, mistral } from '../../../../shared/providers/mistral/description.ts';
import { connectMistral } from '../../../../shared/providers/mistral/index.ts';
import { entryAt } from '../entry.ts';

export const API_KEY = 'test-key';

/** Mistral's provider at a simulator or a stub, whose URL has the version. */
export function mistralAt(baseUrl: string, settings: Partial<MistralSettings> = {}) {
  return connectMistral(entryAt(mistral, { baseUrl, secret: API_KEY, settings }));
}
