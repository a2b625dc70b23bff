import { describe, expect, it } from 'vitest';
import { checkRequest } from '../../../shared/jsonl/checkRequest.ts';
import { usageOfRow } from '../../../shared/jsonl/rows.ts';
import { Slicer } from '../../../shared/jsonl/slices.ts';

const rowWith = (usage: unknown) => ({
  response: { status_code: 200, request_id: 'r', body: { usage } },
});

describe('the usage of a row', () => {
  it.each<[string, unknown, object]>([
    [
      'chat completions',
      {
        prompt_tokens: 10,
        completion_tokens: 5,
        prompt_tokens_details: { cached_tokens: 4 },
      },
      { inputTokens: 10, outputTokens: 5, totalTokens: 15, cachedTokens: 4 },
    ],
    [
      'responses',
      { input_tokens: 10, output_tokens: 5, input_tokens_details: { cached_tokens: 4 } },
      { inputTokens: 10, outputTokens: 5, totalTokens: 15, cachedTokens: 4 },
    ],
    [
      'Anthropic, which counts its cache beside the input',
      {
        ...{ input_tokens: 10, output_tokens: 5 },
        ...{ cache_read_input_tokens: 4, cache_creation_input_tokens: 3 },
      },
      { inputTokens: 17, outputTokens: 5, totalTokens: 22, cachedTokens: 4, cacheWriteTokens: 3 },
    ],
    [
      'Anthropic, whose cache has two lifetimes',
      {
        ...{ input_tokens: 10, output_tokens: 5, cache_creation_input_tokens: 3 },
        cache_creation: { ephemeral_5m_input_tokens: 1, ephemeral_1h_input_tokens: 2 },
      },
      {
        ...{ inputTokens: 13, outputTokens: 5, totalTokens: 18 },
        ...{ cacheWriteTokens: 3, longCacheWriteTokens: 2 },
      },
    ],
    [
      'responses, of which the cache holds some for 12 hours',
      {
        ...{ input_tokens: 10, output_tokens: 5 },
        input_tokens_details: {
          ...{ cached_tokens: 1, cache_write_tokens: 6 },
          cache_write_tokens_details: { ttl_30m_tokens: 2, ttl_12h_tokens: 4 },
        },
      },
      {
        ...{ inputTokens: 10, outputTokens: 5, totalTokens: 15, cachedTokens: 1 },
        ...{ cacheWriteTokens: 6, longCacheWriteTokens: 4 },
      },
    ],
    [
      // https://github.com/vercel/ai/pull/12425, with the numbers of grok-3-mini
      'xAI, which counts the reasoning beside the answer',
      {
        ...{ prompt_tokens: 12, completion_tokens: 1, total_tokens: 399 },
        completion_tokens_details: { reasoning_tokens: 386 },
      },
      { inputTokens: 12, outputTokens: 387, totalTokens: 399 },
    ],
    [
      'OpenAI, which counts the reasoning in the answer',
      {
        ...{ prompt_tokens: 12, completion_tokens: 387, total_tokens: 399 },
        completion_tokens_details: { reasoning_tokens: 386 },
      },
      { inputTokens: 12, outputTokens: 387, totalTokens: 399 },
    ],
    [
      'a gateway whose total is another one',
      {
        ...{ prompt_tokens: 12, completion_tokens: 1, total_tokens: 9_999 },
        completion_tokens_details: { reasoning_tokens: 386 },
      },
      { inputTokens: 12, outputTokens: 1, totalTokens: 13 },
    ],
    [
      'embeddings',
      { prompt_tokens: 10, total_tokens: 10 },
      { inputTokens: 10, outputTokens: 0, totalTokens: 10 },
    ],
    [
      'a provider whose cache holds nothing',
      { prompt_tokens: 10, completion_tokens: 0, prompt_tokens_details: null },
      { inputTokens: 10, outputTokens: 0, totalTokens: 10 },
    ],
  ])('is read in the format of %s', (_, usage, expected) => {
    expect(usageOfRow(rowWith(usage))).toEqual(expected);
  });

  it.each([
    ...[undefined, null, {}, { total: 3 }, 7],
    // Tokens that cannot be counted would cost nothing.
    ...[-1, 1.5, '10', {}, 1e300].map((prompt_tokens) => ({ prompt_tokens, completion_tokens: 5 })),
    ...[-1, '10'].map((completion_tokens) => ({ prompt_tokens: 10, completion_tokens })),
  ])('is unknown in %j', (usage) => {
    expect(usageOfRow(rowWith(usage))).toBeUndefined();
    expect(usageOfRow({ response: null })).toBeUndefined();
  });
});

describe("the token limit of a request's answers", () => {
  const longest = (body: object, url = '/v1/chat/completions') => {
    const request = { custom_id: 'a', method: 'POST', url, body: { model: 'm', ...body } };
    const bytes = Buffer.from(JSON.stringify(request));
    const checked = checkRequest({ bytes });
    return 'code' in checked ? checked.code : checked.maxOutputTokens;
  };

  it.each([
    [{}, 0],
    [{ max_tokens: 7 }, 7],
    [{ max_output_tokens: 7 }, 7],
    [{ max_completion_tokens: 5, max_tokens: 7 }, 5],
    [{ max_completion_tokens: null, max_tokens: 7 }, 7],
    [{ max_tokens: 7, n: 3 }, 21],
    [{ max_tokens: 7, n: 0 }, 7],
    [{ max_tokens: 'many' }, 0],
    [{ max_tokens: -1 }, 0],
  ])('of %j are %i', (body, expected) => {
    expect(longest(body)).toBe(expected);
  });

  it('is 0 for embeddings', () => {
    expect(longest({ max_tokens: 7, input: 'x' }, '/v1/embeddings')).toBe(0);
  });

  it('is summed per slice, and omitted if no request sets one', () => {
    const slicer = new Slicer({ maxRequests: 2, maxBytes: 1_000, maxEnqueuedTokens: 1_000 });
    const outputs = [5, 0, 0, 0, 3];
    for (const [index, maxOutputTokens] of outputs.entries())
      slicer.add({
        ...{ offset: index * 10, bytes: 9, tokens: 1, maxOutputTokens },
        ...{ embeddingInputs: 0, idBytes: 5 },
      });
    const slices = slicer.close(50);
    expect(slices.map((slice) => slice.maxOutputTokens)).toEqual([5, undefined, 3]);
    expect(slices[1]).not.toHaveProperty('maxOutputTokens');
  });
});
