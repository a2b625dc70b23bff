import { type XaiSettings, xai } from '../../../../shared/providers/xai/description.ts';
import { connectXai } from '../../../../shared/providers/xai/index.ts';
import { entryAt } from '../entry.ts';

export const API_KEY = 'xai-test-key';

/** xAI's provider at a simulator or a stub, whose URL has the version. */
export function xaiAt(baseUrl: string, settings: Partial<XaiSettings> = {}) {
  return connectXai(entryAt(xai, { baseUrl, secret: API_KEY, settings }));
}
