import { refusal } from '../../batch/errors.ts';
import { isObject } from '../../jsonl/rows.ts';
import { type TranslationRules, withoutModel } from '../translation/fields.ts';
import { embedContentRequest } from '../translation/geminiRequest.ts';
import { REFERENCE_LABEL } from './api.ts';
import { readsAsTyped } from './gcsImport.ts';

export type Body = Readonly<Record<string, unknown>>;

/**
 * Gemini's output in Cloud Storage repeats only the request of an input line, so a label of the
 * request carries the id. In BigQuery a column carries it, which keeps the label out of bills.
 */
export function labelled(request: Body, reference: string): Record<string, unknown> {
  const labels = typeof request.labels === 'object' ? request.labels : {};
  return { ...request, labels: { ...labels, [REFERENCE_LABEL]: reference } };
}

/** The output of a tool is a text in all requests, also one that the import would read as a number. */
export function importableOutput(text: string): string {
  return readsAsTyped(text) ? JSON.stringify(text) : text;
}

export function embedding(body: Body, rules: TranslationRules): Record<string, unknown> {
  const { outputDimensionality, ...request } = embedContentRequest(body, rules);
  if (outputDimensionality === undefined) return request;
  return { ...request, embed_content_config: { output_dimensionality: outputDimensionality } };
}

/** @throws RefusedError without the one field that every embedding has */
export function nativeEmbedding(body: Body): Record<string, unknown> {
  if (isObject(body.content)) return withoutModel(body);
  throw refusal('invalid_field', "body.content is missing: write it as the model's own API has it");
}

/** @throws RefusedError for an image: batch jobs of open models accept only texts */
export function refuseImages({ messages }: Body): void {
  if (!Array.isArray(messages)) return;
  for (const [index, message] of messages.entries()) {
    const parts: unknown = message?.content;
    if (!Array.isArray(parts)) continue;
    const position = parts.findIndex((part) => part?.type !== 'text');
    if (position < 0) continue;
    const place = `body.messages[${index}].content[${position}]`;
    const text = `${place} is no text, which is all that batch jobs of this model take at Vertex AI: use Gemini or Claude`;
    throw refusal('unsupported_field', text);
  }
}

/**
 * Checks what the model requires of every request, and leaves the rest to the model.
 *
 * @throws RefusedError if the list of this name is no list
 */
export function nativeRequest(body: Body, list: 'contents' | 'messages'): Record<string, unknown> {
  if (Array.isArray(body[list])) return withoutModel(body);
  throw refusal('invalid_field', `body.${list} is no list: write it as the model's own API has it`);
}
