import { RefusedError } from '../../batch/errors.ts';
import type { SettingsOf } from '../../providerSettings.ts';
import type { Description } from '../provider.ts';
import { ENDPOINTS, paramsOf } from './request.ts';

/** What is known of Anthropic without credentials or its SDK. */
export function describeAnthropic(settings: SettingsOf<'anthropic'>): Description {
  return {
    endpoints: ENDPOINTS,

    // https://platform.claude.com/docs/en/api/messages/batches/create: a batch has no settings.
    checkOptions(options) {
      const [name] = Object.keys(options);
      if (name === undefined) return;
      throw new RefusedError({
        code: 'option_refused',
        message: `options.${name.slice(0, 100)}: Anthropic jobs take no options`,
      });
    },

    checkRequest(request, format) {
      paramsOf(request, format, settings);
    },
  };
}
