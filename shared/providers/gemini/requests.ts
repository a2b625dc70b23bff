import { refusal } from '../../batch/errors.ts';
import type { Format } from '../../batch/messages.ts';
import { EMBEDDINGS, type RequestContent } from '../provider.ts';
import { modelAt, type RequestSettings } from '../settings.ts';
import { withoutModel } from '../translation/fields.ts';
import { embedContentRequest, generateContentRequest } from '../translation/geminiRequest.ts';

/**
 * The `request` of a line of a batch's input. A native request is a GenerateContentRequest, or an
 * EmbedContentRequest.
 *
 * @throws RefusedError naming the field that cannot be expressed, or that is missing
 */
export function batchRequestOf(
  { url, body }: RequestContent,
  format: Format,
  { models, dropFields, modelFacts }: RequestSettings,
): Record<string, unknown> {
  const model = modelPathOf(modelAt(models, String(body.model)));
  if (format === 'native') return nativeRequest(url, body);
  const rules = { provider: 'Gemini', dropFields, model, modelFacts };
  return url === EMBEDDINGS
    ? embedContentRequest(body, rules)
    : generateContentRequest(body, rules);
}

const MODEL = /^((tuned)?models\/)?[\w.-]+$/i;

/**
 * The model's resource name: `models/…`, unless the name has another collection.
 *
 * @throws RefusedError for a name that no model can have
 */
export function modelPathOf(model: string): string {
  if (!MODEL.test(model))
    throw refusal(
      'model_refused',
      `body.model is ${model.slice(0, 100)} at Gemini, which is no name of a model: map it in the entry's models`,
    );
  return model.includes('/') ? model : `models/${model}`;
}

/** Checks what the API requires of every request, and leaves the rest to the API. */
function nativeRequest(url: string, body: RequestContent['body']): Record<string, unknown> {
  const request = withoutModel(body);
  if (url === EMBEDDINGS) {
    if (typeof request.content === 'object' && request.content !== null) return request;
    throw refusal('invalid_field', 'body.content is missing: write it as embedContent has it');
  }
  if (Array.isArray(request.contents)) return request;
  throw refusal('invalid_field', 'body.contents is no list: write it as generateContent has it');
}
