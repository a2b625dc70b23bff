import { describe, expect, test } from 'vitest';
import { embeddingsOfGemini } from '../../../../../shared/providers/translation/geminiAnswer.ts';

describe('embeddings', () => {
  test.each<[string, object, number]>([
    ['tokenCount', { tokenCount: '7' }, 7],
    ['usageMetadata', { usageMetadata: { promptTokenCount: 6 } }, 6],
    ['no count', {}, 0],
  ])('with %s', (_name, counted, tokens) => {
    const response = { embedding: { values: [0.1, -0.2] }, ...counted };
    expect(embeddingsOfGemini(response, 'e')).toEqual({
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: [0.1, -0.2] }],
      model: 'e',
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    });
  });

  test('an answer without an embedding throws', () => {
    expect(() => embeddingsOfGemini({ embedding: {} }, 'e')).toThrowError('none of embed');
  });
});
