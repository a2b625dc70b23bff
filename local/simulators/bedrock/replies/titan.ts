import type { Answer, Question } from './reply.ts';

/** https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html */
const DIMENSIONS = 1024;
const DECIMALS = 6;

/** An embedding of Titan Text Embeddings V2. */
export function answerTitan({ input, inputTokens, chance }: Question): Answer {
  const length = typeof input.dimensions === 'number' ? input.dimensions : DIMENSIONS;
  const number = () => Number((chance() * 0.1 - 0.05).toFixed(DECIMALS));
  const embedding = Array.from({ length }, number);
  return {
    inputTokens,
    outputTokens: 0,
    modelOutput: {
      embedding,
      embeddingsByType: { float: embedding },
      inputTextTokenCount: inputTokens,
    },
  };
}
