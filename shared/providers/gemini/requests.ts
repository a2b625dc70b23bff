import * as z from 'zod';
import { refusal } from '../../batch/errors.ts';
import type { Format } from '../../batch/messages.ts';
import { isObject } from '../../jsonl/rows.ts';
import { EMBEDDINGS, type RequestContent } from '../provider.ts';
import { modelAt, type RequestSettings } from '../settings.ts';
import { parseBody, withoutModel } from '../translation/fields.ts';
import { embedContentRequest, generateContentRequest } from '../translation/geminiRequest.ts';
import { asChat } from '../translation/responsesRequest.ts';

/**
 * The `request` of a line of a batch's input. A native request is a GenerateContentRequest, or an
 * EmbedContentRequest.
 *
 * @throws RefusedError naming the field that cannot be expressed, or that is missing
 */
export function batchRequestOf(
  request: RequestContent,
  format: Format,
  { models, dropFields, modelFacts }: RequestSettings,
): Record<string, unknown> {
  const { url, body } = request;
  const model = modelPathOf(modelAt(models, String(body.model)));
  if (format === 'native') return nativeRequest(url, body);
  const rules = { provider: 'Gemini', dropFields, model, modelFacts };
  return url === EMBEDDINGS
    ? embedContentRequest(body, rules)
    : asChat(request, rules, (chat) => generateContentRequest(chat, rules));
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

const notEmpty = (value: object) => Object.keys(value).length > 0;
const part = z.looseObject({}).refine(notEmpty, 'a part with nothing in it');
const content = z.looseObject({
  role: z.enum(['user', 'model'], 'write user or model').optional(),
  parts: z.array(part, 'write a list of parts').min(1, 'write at least one part'),
});

/** The fields of a batch's requests, in the case of Google's JSON. */
const NATIVE_REQUESTS = {
  // https://ai.google.dev/api/generate-content#request-body
  generateContent: z.strictObject({
    contents: z.array(content, 'write a list').min(1, 'write at least one content'),
    systemInstruction: content.extend({ role: z.string().optional() }).optional(),
    tools: z.array(z.looseObject({})).optional(),
    toolConfig: z.looseObject({}).optional(),
    safetySettings: z.array(z.looseObject({})).optional(),
    // https://ai.google.dev/api/generate-content#generationconfig
    generationConfig: z
      .looseObject({
        stopSequences: z.array(z.string()).optional(),
        responseMimeType: z.string().optional(),
        candidateCount: z.int().optional(),
        maxOutputTokens: z.int().optional(),
        temperature: z.number().optional(),
        topP: z.number().optional(),
        topK: z.number().optional(),
        seed: z.int().optional(),
        thinkingConfig: z.looseObject({}).optional(),
      })
      .optional(),
    cachedContent: z.string().optional(),
    serviceTier: z.string().optional(),
    store: z.boolean().optional(),
  }),
  // https://ai.google.dev/api/embeddings#request-body
  embedContent: z.strictObject({
    content,
    taskType: z.string().optional(),
    title: z.string().optional(),
    outputDimensionality: z.int().positive().optional(),
  }),
};

/**
 * Checks a native request as far as the API does at the create call, which one malformed request
 * makes fail for all.
 *
 * @throws RefusedError naming the field
 */
function nativeRequest(url: string, body: RequestContent['body']): Record<string, unknown> {
  const request = withoutModel(body);
  const schema: z.ZodType<object> =
    NATIVE_REQUESTS[url === EMBEDDINGS ? 'embedContent' : 'generateContent'];
  parseBody(schema, camelCased(request, 2));
  return request;
}

/** Google's JSON takes names of fields in either case. */
function camelCased(value: unknown, levels: number): unknown {
  if (levels === 0 || !isObject(value)) return value;
  const entries = Object.entries(value).map(([name, one]) => [
    name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    camelCased(one, levels - 1),
  ]);
  return Object.fromEntries(entries);
}
