import { hexadecimal } from '../../chance.ts';
import type { Answer, Question } from './reply.ts';

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
