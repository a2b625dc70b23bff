import { describe, expect, test } from 'vitest';
import { embeddingsOf } from '../../../../../shared/providers/translation/geminiAnswer.ts';

describe('embeddings', () => {
  test.each<[string, object, number]>([
    ['tokenCount', { tokenCount: '7' }, 7],
    ['usageMetadata', { usageMetadata: { promptTokenCount: 6 } }, 6],
    ['no count', {}, 0],
  ])('with %s', (_name, counted, tokens) => {
    const response = { embedding: { values: [0.1, -0.2] }, ...counted };
    expect(embeddingsOf(response, { model: 'e' })).toEqual({
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: [0.1, -0.2] }],
      model: 'e',
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    });
  });

  test('what is none', () => {
    expect(() => embeddingsOf({ embedding: {} }, { model: 'e' })).toThrowError('none of embed');
  });
});
