import {
  type TogetherSettings,
  together,
} from '../../../../shared/providers/together/description.ts';
import { connectTogether } from '../../../../shared/providers/together/index.ts';
import { entryAt } from '../entry.ts';

export const API_KEY = 'test-key';

/** Together's provider at a simulator or a stub, whose URL has the version. */
export function togetherAt(baseUrl: string, settings: Partial<TogetherSettings> = {}) {
  return connectTogether(entryAt(together, { baseUrl, secret: API_KEY, settings }));
}
