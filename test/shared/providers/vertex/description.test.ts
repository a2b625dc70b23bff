import { describe, expect, test } from 'vitest';
import { describeVertex } from '../../../../shared/providers/vertex/description.ts';
import { type VertexSettings, vertexSettings } from './world.ts';

const CHAT = '/v1/chat/completions';
const MESSAGES = [{ role: 'user', content: 'A secret plan.' }];
const IMAGE = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } };

function check(
  model: string,
  body: object,
  {
    url = CHAT,
    format = 'openai' as 'openai' | 'native',
    settings = {} as Partial<VertexSettings>,
  } = {},
) {
  const description = describeVertex(vertexSettings(settings));
  const request = { customId: 'a', url, model, body: { model, ...body } };
  description.checkRequest?.(request, format);
}

describe('describeVertex', () => {
  test.each([
    ['gemini-2.5-flash', { messages: MESSAGES, temperature: 0.5 }],
    ['claude-haiku-4-5', { messages: MESSAGES, max_tokens: 5 }],
    ['meta/llama-3.3-70b-instruct-maas', { messages: MESSAGES, seed: 1, logit_bias: {} }],
  ])('takes a chat for %s', (model, body) => {
    expect(() => check(model, body)).not.toThrow();
  });

  test.each([
    ['gemini-2.5-flash', { messages: MESSAGES, logit_bias: {} }, /body\.logit_bias/],
    ['claude-haiku-4-5', { messages: MESSAGES, seed: 1 }, /body\.seed/],
    ['gpt-4o-mini', { messages: MESSAGES }, /body\.model is gpt-4o-mini/],
    [
      'meta/llama-3.3-70b-instruct-maas',
      { messages: [{ role: 'user', content: [IMAGE] }] },
      /body\.messages\[0\]\.content\[0\] is no text/,
    ],
  ])('refuses for %s what it cannot express', (model, body, message) => {
    expect(() => check(model, body)).toThrow(message);
    expect(() => check(model, body)).not.toThrow(/secret plan|iVBOR/);
  });

  test('drops fields that may be dropped, and names models by the settings', () => {
    const settings = { dropFields: ['seed'], models: { '*': 'claude-haiku-4-5' } };
    expect(() => check('gpt-4o', { messages: MESSAGES, seed: 1 }, { settings })).not.toThrow();
  });

  test('embeddings are for open models', () => {
    const url = '/v1/embeddings';
    const open = 'intfloat/multilingual-e5-large-instruct-maas';
    expect(() => check(open, { input: 'a' }, { url })).not.toThrow();
    expect(() => check('gemini-embedding-001', { input: 'a' }, { url })).toThrow(
      /do not serve \/v1\/embeddings/,
    );
  });

  test.each([
    ['gemini-2.5-flash', { contents: [] }, { messages: [] }],
    ['claude-haiku-4-5', { messages: [] }, { contents: [] }],
  ])('a native request for %s holds its list', (model, right, wrong) => {
    expect(() => check(model, right, { format: 'native' })).not.toThrow();
    expect(() => check(model, wrong, { format: 'native' })).toThrow(/is no list/);
  });

  test('takes no options', () => {
    const description = describeVertex(vertexSettings());
    expect(() => description.checkOptions({})).not.toThrow();
    expect(() => description.checkOptions({ priority: 1 })).toThrow(/options\.priority/);
  });
});
