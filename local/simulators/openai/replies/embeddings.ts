import type { Answer, Question } from './reply.ts';

/** Of text-embedding-3-small and -ada-002, and of text-embedding-3-large. */
const DIMENSIONS = 1536;
const LARGE_DIMENSIONS = 3072;
const DECIMALS = 6;

/** A `list` of embeddings, one per input. */
export function answerEmbeddings({ body, inputTokens, chance }: Question): Answer {
  const usual = String(body.model).endsWith('-large') ? LARGE_DIMENSIONS : DIMENSIONS;
  const length = typeof body.dimensions === 'number' ? body.dimensions : usual;
  return {
    outputTokens: 0,
    body: {
      object: 'list',
      model: body.model,
      data: Array.from({ length: inputCount(body.input) }, (_, index) => ({
        object: 'embedding',
        index,
        embedding: encode(vector(length, chance), body.encoding_format),
      })),
      usage: { prompt_tokens: inputTokens, total_tokens: inputTokens },
    },
  };
}

/** An input is a text or an array of token numbers; several come as an array of those. */
function inputCount(input: unknown): number {
  return Array.isArray(input) && typeof input[0] !== 'number' ? input.length : 1;
}

function vector(length: number, chance: () => number): number[] {
  return Array.from({ length }, () => Number((chance() * 0.1 - 0.05).toFixed(DECIMALS)));
}

function encode(numbers: number[], format: unknown): number[] | string {
  if (format !== 'base64') return numbers;
  return Buffer.from(Float32Array.from(numbers).buffer).toString('base64');
}
