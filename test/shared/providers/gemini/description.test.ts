import { describe, expect, test } from 'vitest';
import { describeGemini } from '../../../../shared/providers/gemini/description.ts';
import { SETTINGS } from './provider.ts';

const MESSAGES = [{ role: 'user', content: 'a secret' }];

function check(body: Record<string, unknown>, url = '/v1/chat/completions', settings = SETTINGS) {
  const model = String(body.model ?? 'gemini-2.5-flash');
  const request = { customId: 'a', url, model, body: { model, ...body } };
  const format = 'contents' in body || 'content' in body ? 'native' : 'openai';
  return async () => {
    const { checkRequest } = await describeGemini(settings);
    checkRequest?.(request, format);
  };
}

describe('checkRequest', () => {
  test.each<[string, ReturnType<typeof check>]>([
    ['a chat', check({ messages: MESSAGES })],
    ['an embedding', check({ input: 'a' }, '/v1/embeddings')],
    [
      'a native request',
      check({
        contents: [{ parts: [{ text: 'a' }] }],
        system_instruction: { parts: [{ text: 'b' }] },
      }),
    ],
    [
      'a native embedding',
      check({ content: { parts: [{ text: 'a' }] }, output_dimensionality: 8 }, '/v1/embeddings'),
    ],
    ['a full name of a model', check({ model: 'models/gemini-3-pro', messages: MESSAGES })],
    ['a tuned model', check({ model: 'tunedModels/mine-1', messages: MESSAGES })],
  ])('takes %s', async (_name, checking) => {
    await expect(checking()).resolves.toBeUndefined();
  });

  test.each<[string, ReturnType<typeof check>, string]>([
    ['a field', check({ messages: MESSAGES, logit_bias: { 1: 1 } }), 'body.logit_bias'],
    ['a native request without contents', check({ contents: 'x' }), 'body.contents'],
    ['a native embedding', check({ contents: [] }, '/v1/embeddings'), 'body.content'],
    [
      'a native request with a field of the configuration',
      check({ contents: [{ parts: [{ text: 'a secret' }] }], temperature: 1 }),
      'temperature',
    ],
    [
      'a native part with nothing in it',
      check({ contents: [{ parts: [{}] }] }),
      'body.contents[0].parts[0]',
    ],
    [
      'a native content without parts',
      check({ contents: [{ role: 'user' }] }),
      'body.contents[0].parts',
    ],
    [
      'a native role of OpenAI',
      check({ contents: [{ role: 'assistant', parts: [{ text: 'a secret' }] }] }),
      'body.contents[0].role: write user or model',
    ],
    [
      'a native number that is a text',
      check({
        contents: [{ parts: [{ text: 'a secret' }] }],
        generation_config: { temperature: 'secret' },
      }),
      'body.generationConfig.temperature',
    ],
    ['a path for a model', check({ model: '../x', messages: MESSAGES }), 'body.model'],
    ['a model of OpenAI with a slash', check({ model: 'a/b', messages: MESSAGES }), 'body.model'],
  ])('refuses %s by its name', async (_name, checking, place) => {
    await expect(checking()).rejects.toThrow(expect.objectContaining({ name: 'RefusedError' }));
    await expect(checking()).rejects.toThrow(place);
    await expect(checking()).rejects.not.toThrow('secret');
  });

  test("the provider's name for the model decides what it supports", async () => {
    const body = { model: 'mine', messages: MESSAGES, reasoning_effort: 'none' };
    const at = (model: string) => ({ ...SETTINGS, models: { mine: model } });
    await expect(check(body, undefined, at('gemini-2.5-flash'))()).resolves.toBeUndefined();
    await expect(check(body, undefined, at('gemini-2.5-pro'))()).rejects.toThrow(
      'reasoning_effort',
    );
  });
});

test('there are no options', async () => {
  const { checkOptions } = await describeGemini(SETTINGS);
  expect(() => checkOptions({})).not.toThrow();
  expect(() => checkOptions({ priority: 1 })).toThrowError('options.priority');
});
