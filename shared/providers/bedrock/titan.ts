import * as z from 'zod';
import { refusal } from '../../batch/errors.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import { embeddingsResponse } from '../translation/chat.ts';
import {
  EMBEDDING_FIELDS,
  expressible,
  parseAnswer,
  parseBody,
  type TranslationRules,
} from '../translation/fields.ts';

/** https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html */
const TITAN_DIMENSIONS = [256, 512, 1024];

const titanRequestSchema = z.object({
  input: z.union([z.string().min(1), z.array(z.string().min(1)).length(1)]),
  dimensions: z.literal(TITAN_DIMENSIONS).nullish(),
  encoding_format: z.literal('float').nullish(),
});

/**
 * Translates an embeddings request into one of Amazon Titan Text Embeddings V2, which has one text.
 *
 * @throws RefusedError naming the field that Titan cannot express
 */
export function titanRequest(
  body: Readonly<Record<string, unknown>>,
  rules: TranslationRules,
): Record<string, unknown> {
  const { input, dimensions } = parseBody(
    titanRequestSchema,
    expressible(body, { ...rules, fields: EMBEDDING_FIELDS }),
  );
  const text = typeof input === 'string' ? input : input[0];
  if (text === undefined) throw refusal('invalid_field', 'body.input holds no text');
  // Normalized, because OpenAI's vectors have length 1.
  return omitUndefined({
    inputText: text,
    normalize: true,
    dimensions: dimensions ?? undefined,
  });
}

const titanAnswerSchema = z.object({
  embedding: z.array(z.number()),
  inputTextTokenCount: z.number().int().nonnegative(),
});

/** @throws Error, without the answer's content, for a malformed answer */
export function embeddingsOfTitan(answer: unknown, model: string): object {
  const { embedding, inputTextTokenCount: tokens } = parseAnswer(
    titanAnswerSchema,
    answer,
    'none of Titan Text Embeddings',
  );
  return embeddingsResponse(embedding, model, tokens);
}
