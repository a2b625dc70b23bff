import type { Answer, Question } from './reply.ts';

/** Of gemini-embedding-001. */
const DIMENSIONS = 3072;
const DECIMALS = 6;

/** An EmbedContentResponse. */
export function answerEmbedContent({ request, inputTokens, chance }: Question): Answer {
  const asked = request.outputDimensionality;
  const length = typeof asked === 'number' ? asked : DIMENSIONS;
  const values = Array.from({ length }, () => Number((chance() * 0.1 - 0.05).toFixed(DECIMALS)));
  return {
    inputTokens,
    outputTokens: 0,
    // An int64, which JSON has as a string.
    response: { embedding: { values }, tokenCount: String(inputTokens) },
  };
}
