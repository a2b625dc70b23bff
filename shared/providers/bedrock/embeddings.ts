import * as z from 'zod';
import { refusal } from '../../batch/errors.ts';
import { expressible, parseBody } from '../translation/fields.ts';

const FIELDS = new Set(['input', 'dimensions', 'encoding_format']);
/** https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html */
const DIMENSIONS = [256, 512, 1024];

const requestSchema = z.object({
  input: z.union([z.string().min(1), z.array(z.string().min(1)).length(1)]),
  dimensions: z.literal(DIMENSIONS).nullish(),
  encoding_format: z.literal('float').nullish(),
});

/**
 * An embeddings request as one to Amazon Titan Text Embeddings V2, which takes one text.
 *
 * @throws RefusedError naming the field that Titan cannot express
 */
export function titanRequest(
  body: Readonly<Record<string, unknown>>,
  rules: { readonly provider: string; readonly dropFields: readonly string[] },
): Record<string, unknown> {
  const { input, dimensions } = parseBody(
    requestSchema,
    expressible(body, { ...rules, fields: FIELDS }),
  );
  const text = typeof input === 'string' ? input : input[0];
  if (text === undefined) throw refusal('invalid_field', 'body.input holds no text');
  // OpenAI's vectors have length 1.
  return { inputText: text, normalize: true, ...(dimensions == null ? {} : { dimensions }) };
}

const responseSchema = z.object({
  embedding: z.array(z.number()),
  inputTextTokenCount: z.number().int().nonnegative(),
});

/**
 * What Titan answered as the body of an embeddings response.
 *
 * @throws Error, without the answer's content, for one that is of no use
 */
export function embeddingsOfTitan(answer: unknown, model: string): object {
  const parsed = responseSchema.safeParse(answer);
  if (!parsed.success) throw new Error('the answer is none of Titan Text Embeddings');
  const { embedding, inputTextTokenCount: tokens } = parsed.data;
  return {
    object: 'list',
    data: [{ object: 'embedding', index: 0, embedding }],
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}
