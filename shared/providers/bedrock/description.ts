import type { SettingsOf } from '../../providerSettings.ts';
import type { Description } from '../provider.ts';
import { CHAT, checkBedrockOptions, EMBEDDINGS, routeOf } from './models.ts';

/** What is known of Bedrock without credentials or its SDK. */
export function describeBedrock(settings: SettingsOf<'bedrock'>): Description {
  return {
    endpoints: [CHAT, EMBEDDINGS],
    checkOptions: checkBedrockOptions,
    checkRequest({ url: endpoint, model, body }, format) {
      // Options change what native requests mean, not whether they can be sent.
      routeOf(settings, { endpoint, model, format, options: {} }).modelInput(body);
    },
  };
}
