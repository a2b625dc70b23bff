import { refusal } from '../../batch/errors.ts';
import type { Format } from '../../batch/record.ts';
import { modelAt, type SettingsOf } from '../../providerSettings.ts';
import type { Description } from '../provider.ts';
import { embedContentRequest, generateContentRequest } from '../translation/geminiRequest.ts';

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

/** What an entry's settings say of requests. */
export interface RequestSettings {
  readonly models: Readonly<Record<string, string>>;
  readonly dropFields: readonly string[];
}

/** Native requests to these are GenerateContentRequests and EmbedContentRequests. */
export const CHAT_COMPLETIONS = '/v1/chat/completions';
export const EMBEDDINGS = '/v1/embeddings';

const PROVIDER = 'Gemini';
const MODEL = /^((tuned)?models\/)?[\w.-]+$/i;

/** A request of a batch, without its I/O. */
export interface Request {
  readonly url: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * The `request` of a line of a batch's input.
 *
 * @throws RefusedError naming the field that cannot be expressed, or that is missing
 */
export function requestOf(
  { url, body }: Request,
  format: Format,
  { models, dropFields }: RequestSettings,
): Record<string, unknown> {
  const model = modelPathOf(modelAt(models, String(body.model)));
  if (format === 'native') return nativeRequest(url, body);
  const rules = { provider: PROVIDER, dropFields, model };
  return url === EMBEDDINGS
    ? embedContentRequest(body, rules)
    : generateContentRequest(body, rules);
}

/**
 * The model's resource name: `models/…`, unless it is said to be another one.
 *
 * @throws RefusedError for a name that cannot be one
 */
export function modelPathOf(model: string): string {
  if (!MODEL.test(model))
    throw refusal(
      'model_refused',
      `body.model is ${model.slice(0, 100)} at Gemini, which is no name of a model: map it in the entry's models`,
    );
  return model.includes('/') ? model : `models/${model}`;
}

/** What the API requires of every request; the rest is for it to judge. */
function nativeRequest(url: string, body: Request['body']): Record<string, unknown> {
  // The model stands in the job.
  const { model: _, ...request } = body;
  if (url === EMBEDDINGS) {
    if (typeof request.content === 'object' && request.content !== null) return request;
    throw refusal('invalid_field', 'body.content is missing: write it as embedContent has it');
  }
  if (Array.isArray(request.contents)) return request;
  throw refusal('invalid_field', 'body.contents is no list: write it as generateContent has it');
}
