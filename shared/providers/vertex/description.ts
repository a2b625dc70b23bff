import { refusal } from '../../batch/errors.ts';
import type { SettingsOf } from '../../providerSettings.ts';
import type { Description } from '../provider.ts';
import { referenceOf } from '../translation/rows.ts';
import { CHAT, EMBEDDINGS, routeOf } from './models.ts';

/** What is known of Vertex AI without credentials or Google's libraries. */
export function describeVertex(settings: SettingsOf<'vertex-ai'>): Description {
  return {
    endpoints: [CHAT, EMBEDDINGS],

    checkOptions(options) {
      const [name] = Object.keys(options);
      if (name === undefined) return;
      throw refusal('option_refused', `options.${name}: Vertex AI jobs take no options`);
    },

    checkRequest({ customId, url: endpoint, model, body }, format) {
      routeOf(settings, { endpoint, model, format }).line(body, referenceOf(customId));
    },
  };
}
