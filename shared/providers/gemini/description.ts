import { refusal } from '../../batch/errors.ts';
import type { SettingsOf } from '../../providerSettings.ts';
import type { Description } from '../provider.ts';
import { CHAT_COMPLETIONS, EMBEDDINGS, requestOf } from './request.ts';

/** What is known of the Gemini API without credentials. */
export function describeGemini(settings: SettingsOf<'gemini'>): Description {
  return {
    endpoints: [CHAT_COMPLETIONS, EMBEDDINGS],

    // https://ai.google.dev/api/batch-api: a batch has a priority and webhooks, which we do not set.
    checkOptions(options) {
      const [name] = Object.keys(options);
      if (name === undefined) return;
      throw refusal('option_refused', `options.${name}: Gemini jobs take no options`);
    },

    checkRequest(request, format) {
      requestOf(request, format, settings);
    },
  };
}
