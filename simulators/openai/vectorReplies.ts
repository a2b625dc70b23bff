import { hexadecimal } from '../engine/plan.ts';
import type { Answer, Question } from './replies.ts';

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

const CATEGORIES = [
  'harassment',
  'harassment/threatening',
  'hate',
  'hate/threatening',
  'illicit',
  'illicit/violent',
  'self-harm',
  'self-harm/instructions',
  'self-harm/intent',
  'sexual',
  'sexual/minors',
  'violence',
  'violence/graphic',
];
const FLAGGED_SCORE = 0.98;

/** A moderation: one result per text, or one for a list of content parts. */
export function answerModeration({ body, chance }: Question): Answer {
  const { input } = body;
  const count = Array.isArray(input) && typeof input[0] === 'string' ? input.length : 1;
  return {
    outputTokens: 0,
    body: {
      id: `modr-${hexadecimal(chance, 24)}`,
      model: body.model,
      results: Array.from({ length: count }, () => result(chance)),
    },
  };
}

function result(chance: () => number) {
  const scores = CATEGORIES.map((name): [string, number] => [name, chance()]);
  return {
    flagged: scores.some(([, score]) => score > FLAGGED_SCORE),
    categories: Object.fromEntries(scores.map(([name, score]) => [name, score > FLAGGED_SCORE])),
    category_scores: Object.fromEntries(scores),
    category_applied_input_types: Object.fromEntries(CATEGORIES.map((name) => [name, ['text']])),
  };
}
