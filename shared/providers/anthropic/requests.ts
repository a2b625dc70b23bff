import { refusal } from '../../batch/errors.ts';
import { isSubmissionKey } from '../../batch/ids.ts';
import type { Format } from '../../batch/messages.ts';
import { referenceOf } from '../../jsonl/rows.ts';
import { CHAT_COMPLETIONS, RESPONSES, type RequestContent } from '../provider.ts';
import { modelAt, type RequestSettings } from '../settings.ts';
import { AT_ANTHROPIC, claudeRequest } from '../translation/claudeRequest.ts';
import { asChat } from '../translation/responsesRequest.ts';

/** Anthropic's own path, for requests in its own format. */
export const MESSAGES_ENDPOINT = '/v1/messages';

/**
 * The `params` of a request in a Message Batch.
 *
 * @throws RefusedError naming the field that cannot be expressed, or that is missing
 */
export function paramsOf(
  request: RequestContent,
  format: Format,
  { models, dropFields, modelFacts }: RequestSettings,
): Record<string, unknown> {
  const { url, body } = request;
  const model = modelAt(models, String(body.model));
  if (format === 'native') return { ...checkNative(body), model };
  if (url !== CHAT_COMPLETIONS && url !== RESPONSES)
    throw refusal(
      'invalid_url',
      `url is ${MESSAGES_ENDPOINT}: it takes requests of format "native" only`,
    );
  const rules = { provider: 'Anthropic', model, extras: AT_ANTHROPIC, dropFields, modelFacts };
  return asChat(request, rules, (chat) => claudeRequest(chat, rules));
}

/** Checks what the API requires of every request, and leaves the rest to the API. */
function checkNative(body: RequestContent['body']): RequestContent['body'] {
  if (!Array.isArray(body.messages))
    throw refusal('invalid_field', 'body.messages is no list: write it as the Messages API has it');
  if (!Number.isInteger(body.max_tokens))
    throw refusal('invalid_field', 'body.max_tokens is no whole number: Anthropic requires one');
  return body;
}

/**
 * The `custom_id` of a request. Anthropic's batches have neither name nor metadata, so each starts
 * with the submission key. At most 64 of A-Za-z0-9_- are allowed, and any id of the user's fits as
 * its reference: https://platform.claude.com/docs/en/api/messages/batches/create
 */
export function wireIdOf(key: string, customId: string): string {
  return `${key}_${referenceOf(customId)}`;
}

const WIRE_ID = /^([^_]+)_([0-9a-f]{32})$/;

/** The parts of a `custom_id` of ours; undefined for any other. */
export function readWireId(
  wireId: string,
): { readonly key: string; readonly reference: string } | undefined {
  const [, key = '', reference = ''] = WIRE_ID.exec(wireId) ?? [];
  return isSubmissionKey(key) ? { key, reference } : undefined;
}
