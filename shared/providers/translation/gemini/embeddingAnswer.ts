import * as z from 'zod';

/** An int64, which JSON has as a string. */
const tokens = z.coerce.number().int().nonnegative().nullish();

/** The shapes in which the batch APIs give an embedding. */
const answerSchema = z.object({
  embedding: z.object({ values: z.array(z.number()).min(1) }),
  tokenCount: tokens,
  usageMetadata: z.object({ promptTokenCount: tokens, totalTokenCount: tokens }).nullish(),
});

/**
 * An EmbedContentResponse as the body of an embeddings response. `usage` is 0 where Gemini gives
 * no number of tokens.
 *
 * @throws Error, without the answer's content, for one that is of no use
 */
export function embeddingsOf(response: unknown, { model }: { readonly model: string }): object {
  const parsed = answerSchema.safeParse(response);
  if (!parsed.success) throw new Error('the answer is none of embedContent');
  const { embedding, tokenCount, usageMetadata: usage } = parsed.data;
  const count = tokenCount ?? usage?.promptTokenCount ?? usage?.totalTokenCount ?? 0;
  return {
    object: 'list',
    data: [{ object: 'embedding', index: 0, embedding: embedding.values }],
    model,
    usage: { prompt_tokens: count, total_tokens: count },
  };
}
