import { RefusedError, refusal } from '../../batch/errors.ts';
import type { Format } from '../../batch/record.ts';
import { modelAt, type SettingsOf } from '../../providerSettings.ts';
import type { Description } from '../provider.ts';
import { messagesRequest } from '../translation/claudeRequest.ts';
import { referenceOf } from '../translation/rows.ts';

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

/** What an entry's settings say of requests. */
export interface RequestSettings {
  readonly models: Readonly<Record<string, string>>;
  readonly dropFields: readonly string[];
}

const CHAT_COMPLETIONS = '/v1/chat/completions';
/** Anthropic's own path, for requests in its own format. */
const MESSAGES = '/v1/messages';

/** What a request's `url` may be. */
export const ENDPOINTS: readonly string[] = [CHAT_COMPLETIONS, MESSAGES];

/** A request of a batch, without its I/O. */
export interface Request {
  readonly url: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * The `params` of a request in a Message Batch.
 *
 * @throws RefusedError naming the field that cannot be expressed, or that is missing
 */
export function paramsOf(
  { url, body }: Request,
  format: Format,
  { models, dropFields }: RequestSettings,
): Record<string, unknown> {
  const model = modelAt(models, String(body.model));
  if (format === 'native') return { ...checkNative(body), model };
  if (url !== CHAT_COMPLETIONS)
    throw refusal('invalid_url', `url is ${MESSAGES}: it takes requests of format "native" only`);
  return messagesRequest(body, { provider: 'Anthropic', model, dropFields });
}

/** What the API requires of every request; the rest is for it to judge. */
function checkNative(body: Request['body']): Request['body'] {
  if (!Array.isArray(body.messages))
    throw refusal('invalid_field', 'body.messages is no list: write it as the Messages API has it');
  if (!Number.isInteger(body.max_tokens))
    throw refusal('invalid_field', 'body.max_tokens is no whole number: Anthropic requires one');
  return body;
}

/**
 * Anthropic's batches have no name and no metadata, so each `custom_id` starts with the submission
 * key. At most 64 of A-Za-z0-9_- are allowed, and any id of the user's fits as its reference:
 * https://platform.claude.com/docs/en/api/messages/batches/create
 */
export function wireIdOf(key: string, customId: string): string {
  return `${key}_${referenceOf(customId)}`;
}

const WIRE_ID = /^(bh[a-z0-9]{16}-\d+)_([0-9a-f]{32})$/;

/** The parts of a `custom_id` of ours; undefined for any other. */
export function readWireId(
  wireId: string,
): { readonly key: string; readonly reference: string } | undefined {
  const [, key, reference] = WIRE_ID.exec(wireId) ?? [];
  return key === undefined || reference === undefined ? undefined : { key, reference };
}
