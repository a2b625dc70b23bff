import { refusal } from '../../batch/errors.ts';
import type { Format } from '../../batch/format.ts';
import { modelAt } from '../models.ts';
import { messagesRequest } from '../translation/anthropic/request.ts';

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
