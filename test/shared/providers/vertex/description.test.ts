import { describe, expect, test } from 'vitest';
import {
  describeVertex,
  type VertexSettings,
} from '../../../../shared/providers/vertex/description.ts';
import { BIGQUERY, vertexSettings } from './world.ts';

const CHAT = '/v1/chat/completions';
const MESSAGES = [{ role: 'user', content: 'A secret plan.' }];
const IMAGE = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } };

async function check(
  model: string,
  body: object,
  {
    url = CHAT,
    format = 'openai' as 'openai' | 'native',
    settings = {} as Partial<VertexSettings>,
  } = {},
) {
  const description = await describeVertex(vertexSettings(settings));
  const request = { customId: 'a', url, model, body: { model, ...body } };
  description.checkRequest?.(request, format);
}

describe('describeVertex', () => {
  test.each([
    ['gemini-2.5-flash', { messages: MESSAGES, temperature: 0.5 }],
    ['claude-haiku-4-5', { messages: MESSAGES, max_tokens: 5 }],
    ['meta/llama-3.3-70b-instruct-maas', { messages: MESSAGES, seed: 1, logit_bias: {} }],
  ])('takes a chat for %s', async (model, body) => {
    await expect(check(model, body)).resolves.toBeUndefined();
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
  ])('refuses requests that %s cannot express', async (model, body, message) => {
    await expect(check(model, body)).rejects.toThrow(message);
    await expect(check(model, body)).rejects.not.toThrow(/secret plan|iVBOR/);
  });

  test('drops fields of dropFields, and maps models by the settings', async () => {
    const settings = { dropFields: ['seed'], models: { '*': 'claude-haiku-4-5' } };
    await expect(
      check('gpt-4o', { messages: MESSAGES, seed: 1 }, { settings }),
    ).resolves.toBeUndefined();
  });

  test('embeddings are for open models, and for Gemini on Cloud Storage', async () => {
    const url = '/v1/embeddings';
    const open = 'intfloat/multilingual-e5-large-instruct-maas';
    await expect(check(open, { input: 'a' }, { url })).resolves.toBeUndefined();
    const gemini = 'gemini-embedding-001';
    await expect(check(gemini, { input: 'a' }, { url })).resolves.toBeUndefined();
    await expect(
      check(gemini, { input: 'a' }, { url, settings: { store: BIGQUERY } }),
    ).rejects.toThrow(/from Cloud Storage only: use an entry with the store gcs/);
    await expect(check('claude-haiku-4-5', { input: 'a' }, { url })).rejects.toThrow(
      /do not serve \/v1\/embeddings/,
    );
  });

  test.each([
    ['gemini-2.5-flash', { contents: [] }, { messages: [] }],
    ['claude-haiku-4-5', { messages: [] }, { contents: [] }],
  ])('a native request for %s must contain its list', async (model, right, wrong) => {
    await expect(check(model, right, { format: 'native' })).resolves.toBeUndefined();
    await expect(check(model, wrong, { format: 'native' })).rejects.toThrow(/is no list/);
  });

  test('takes no options', async () => {
    const description = await describeVertex(vertexSettings());
    expect(() => description.checkOptions({})).not.toThrow();
    expect(() => description.checkOptions({ priority: 1 })).toThrow(/options\.priority/);
  });
});
