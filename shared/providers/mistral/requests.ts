import { refusal } from '../../batch/errors.ts';
import { isObject } from '../../jsonl/rows.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import { EMBEDDINGS, type JobContext, type RequestContent } from '../provider.ts';
import type { RequestSettings } from '../settings.ts';
import {
  cannotExpress,
  checkFields,
  EMBEDDING_FIELDS,
  expressible,
  type TranslationRules,
  withoutModel,
} from '../translation/fields.ts';

/**
 * Mistral's requests are OpenAI's with fewer fields, some under other names, and it refuses a
 * request with any field that it does not know:
 * https://github.com/danny-avila/LibreChat/issues/4866
 * The fields are those of `ChatCompletionRequest` and `EmbeddingRequest` in @mistralai/mistralai.
 */

/** Fields of a chat completion that Mistral has, too, or has under another name. */
const CHAT_FIELDS: ReadonlySet<string> = new Set([
  'frequency_penalty',
  'max_completion_tokens',
  'max_tokens',
  'metadata',
  'n',
  'parallel_tool_calls',
  'prediction',
  'presence_penalty',
  'prompt_cache_key',
  'reasoning_effort',
  'response_format',
  'seed',
  'stop',
  'temperature',
  'tool_choice',
  'tools',
  'top_p',
]);

/**
 * The body of a request in Mistral's format, without the model, which the job names.
 *
 * @throws RefusedError naming the field that Mistral cannot express
 */
export function mistralBody(
  { url, body }: RequestContent,
  format: JobContext['format'],
  { dropFields }: Pick<RequestSettings, 'dropFields'>,
): Readonly<Record<string, unknown>> {
  if (format === 'native') return withoutModel(body);
  const rules = { provider: 'Mistral', dropFields };
  return url === EMBEDDINGS ? embeddingBody(body, rules) : chatBody(body, rules);
}

function embeddingBody(body: RequestContent['body'], rules: TranslationRules) {
  const {
    model: _,
    dimensions,
    ...rest
  } = expressible(body, { ...rules, fields: EMBEDDING_FIELDS });
  const { input } = rest;
  const isText = typeof input === 'string' || (Array.isArray(input) && input.every(isString));
  if (!isText) throw cannotExpress('body.input', 'Mistral', 'give a text, or a list of texts');
  return omitUndefined({ ...rest, output_dimension: dimensions ?? undefined });
}

function isString(value: unknown): boolean {
  return typeof value === 'string';
}

function chatBody(body: RequestContent['body'], rules: TranslationRules) {
  const {
    model: _,
    messages,
    tools,
    tool_choice: choice,
    response_format: responseFormat,
    max_tokens: oldLimit,
    max_completion_tokens: limit = oldLimit,
    seed,
    ...rest
  } = expressible(body, { ...rules, fields: CHAT_FIELDS });
  return omitUndefined({
    ...rest,
    messages: messagesIn(messages, rules),
    tools:
      tools == null
        ? undefined
        : listIn('body.tools', tools).map((tool, index) =>
            toolIn(tool, `body.tools[${index}]`, rules),
          ),
    tool_choice: isObject(choice)
      ? picked(choice, ['type', 'function'], 'body.tool_choice', rules)
      : (choice ?? undefined),
    response_format: responseFormat == null ? undefined : formatIn(responseFormat, rules),
    max_tokens: limit ?? undefined,
    random_seed: seed ?? undefined,
  });
}

function messagesIn(value: unknown, rules: TranslationRules) {
  const messages = listIn('body.messages', value);
  const last = messages.at(-1);
  // "Expected last role User or Tool (or Assistant with prefix True) for serving":
  // https://github.com/langchain-ai/langchain/issues/23703
  if (last?.role === 'assistant' && last.prefix !== true)
    throw cannotExpress(
      `body.messages[${messages.length - 1}].role`,
      rules.provider,
      'end with a message of the user or a tool, or give this one "prefix": true',
    );
  return messages.map((message, index) => messageIn(message, `body.messages[${index}]`, rules));
}

/** Fields of messages, by their roles. */
const MESSAGE_FIELDS: Readonly<Record<string, readonly string[]>> = {
  system: ['role', 'content'],
  user: ['role', 'content'],
  assistant: ['role', 'content', 'tool_calls', 'prefix'],
  tool: ['role', 'content', 'tool_call_id', 'name'],
};

function messageIn(
  message: Readonly<Record<string, unknown>>,
  place: string,
  rules: TranslationRules,
) {
  // The name that OpenAI has given to the role since.
  const role = message.role === 'developer' ? 'system' : message.role;
  const fields = MESSAGE_FIELDS[String(role)];
  if (fields === undefined)
    throw cannotExpress(
      `${place}.role`,
      rules.provider,
      `use one of ${Object.keys(MESSAGE_FIELDS).join(', ')}`,
    );
  const { content, tool_calls: calls, ...rest } = picked(message, fields, place, rules);
  return omitUndefined({
    ...rest,
    role,
    content: Array.isArray(content)
      ? content.map((part, index) => partIn(part, `${place}.content[${index}]`, rules))
      : content,
    tool_calls: calls,
  });
}

/** Fields of the parts of a content, by their types. */
const PART_FIELDS: Readonly<Record<string, readonly string[]>> = {
  text: ['type', 'text'],
  image_url: ['type', 'image_url'],
};

function partIn(part: unknown, place: string, rules: TranslationRules) {
  const content = objectIn(place, part);
  const fields = PART_FIELDS[String(content.type)];
  if (fields === undefined)
    throw cannotExpress(
      `${place}.type`,
      rules.provider,
      `use one of ${Object.keys(PART_FIELDS).join(', ')}, or a native request`,
    );
  const { image_url: image, ...rest } = picked(content, fields, place, rules);
  const url = isObject(image)
    ? picked(image, ['url', 'detail'], `${place}.image_url`, rules)
    : image;
  return omitUndefined({ ...rest, image_url: url });
}

/** Mistral requires the parameters of a function. */
const NO_PARAMETERS = { type: 'object', properties: {} };

function toolIn(tool: Readonly<Record<string, unknown>>, place: string, rules: TranslationRules) {
  const { type, function: named } = picked(tool, ['type', 'function'], place, rules);
  const at = `${place}.function`;
  const known = ['name', 'description', 'parameters', 'strict'];
  const { parameters = NO_PARAMETERS, ...rest } = picked(objectIn(at, named), known, at, rules);
  return { type, function: { ...rest, parameters } };
}

function formatIn(responseFormat: unknown, rules: TranslationRules) {
  const place = 'body.response_format';
  const known = ['type', 'json_schema'];
  const { json_schema: schema, ...rest } = picked(
    objectIn(place, responseFormat),
    known,
    place,
    rules,
  );
  if (schema === undefined) return rest;
  const at = `${place}.json_schema`;
  const inSchema = ['name', 'description', 'schema', 'strict'];
  return { ...rest, json_schema: picked(objectIn(at, schema), inSchema, at, rules) };
}

/** These fields of an object. @throws RefusedError for another one that changes something */
function picked(
  value: Readonly<Record<string, unknown>>,
  fields: readonly string[],
  place: string,
  rules: TranslationRules,
): Record<string, unknown> {
  checkFields(value, fields, place, rules);
  return Object.fromEntries(Object.entries(value).filter(([name]) => fields.includes(name)));
}

function objectIn(place: string, value: unknown): Readonly<Record<string, unknown>> {
  if (isObject(value)) return value;
  throw refusal('invalid_field', `${place} is no object`);
}

function listIn(place: string, value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (Array.isArray(value)) return value.map((item, index) => objectIn(`${place}[${index}]`, item));
  throw refusal('invalid_field', `${place} is no list`);
}
