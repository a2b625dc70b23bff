import { describe, expect, test } from 'vitest';
import { describeBedrock } from '../../../../shared/providers/bedrock/description.ts';
import { familyOf } from '../../../../shared/providers/bedrock/requests.ts';
import { SETTINGS } from './world.ts';

const CHAT = '/v1/chat/completions';
const EMBEDDINGS = '/v1/embeddings';
const MESSAGES = [{ role: 'user', content: 'Hello' }];
const TOOLS = [{ type: 'function', function: { name: 'look' } }];

async function check(url: string, body: { model: string } & object, settings = SETTINGS) {
  const request = { customId: 'a', url, model: body.model, body };
  const { checkRequest } = await describeBedrock(settings);
  checkRequest?.(request, 'openai');
}

describe('familyOf', () => {
  test.each([
    ['anthropic.claude-3-haiku-20240307-v1:0', 'claude'],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'claude'],
    ['global.anthropic.claude-haiku-4-5-20251001-v1:0', 'claude'],
    ['arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku', 'claude'],
    ['arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-haiku-4-5', 'claude'],
    ['amazon.nova-lite-v1:0', 'nova'],
    ['us.amazon.nova-2-lite-v1:0', 'nova'],
    ['amazon.titan-embed-text-v2:0', 'titan-embeddings'],
    ['amazon.titan-embed-image-v1', 'other-embeddings'],
    ['amazon.nova-2-multimodal-embeddings-v1:0', 'other-embeddings'],
    ['meta.llama3-3-70b-instruct-v1:0', 'converse'],
    ['arn:aws:bedrock:us-east-1:1:application-inference-profile/abc', 'converse'],
  ])('%s is %s', (modelId, family) => {
    expect(familyOf(modelId)).toBe(family);
  });
});

describe('checkRequest', () => {
  const claude = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
  test.each([
    [CHAT, { model: claude, messages: MESSAGES, tools: [] }],
    [CHAT, { model: 'amazon.nova-lite-v1:0', messages: MESSAGES }],
    [CHAT, { model: 'meta.llama3-3-70b-instruct-v1:0', messages: MESSAGES }],
    [EMBEDDINGS, { model: 'amazon.titan-embed-text-v2:0', input: ['text'], dimensions: 256 }],
  ])('%s %j is taken', async (url, body) => {
    await expect(check(url, body)).resolves.toBeUndefined();
  });

  test.each([
    [
      'tools of Converse',
      CHAT,
      { model: 'meta.llama3', messages: MESSAGES, tools: TOOLS },
      'tools',
    ],
    ['a field of Claude', CHAT, { model: claude, messages: MESSAGES, seed: 1 }, 'body.seed'],
    ['chat of embeddings', CHAT, { model: 'amazon.titan-embed-text-v2:0' }, 'body.model'],
    ['embeddings of Nova', EMBEDDINGS, { model: 'amazon.nova-lite-v1:0' }, 'body.model'],
    ['other embeddings', EMBEDDINGS, { model: 'cohere.embed-english-v3' }, 'body.model'],
    [
      'several texts',
      EMBEDDINGS,
      { model: 'amazon.titan-embed-text-v2:0', input: ['a', 'b'] },
      'body.input',
    ],
    [
      'a dimension',
      EMBEDDINGS,
      { model: 'amazon.titan-embed-text-v2:0', input: 'a', dimensions: 100 },
      'body.dimensions',
    ],
  ])('%s is refused by name', async (_name, url, body, place) => {
    await expect(check(url, body)).rejects.toThrow(
      expect.objectContaining({ name: 'RefusedError', message: expect.stringContaining(place) }),
    );
  });

  test('checks the model that the entry maps the name to', async () => {
    const body = { model: 'small', messages: MESSAGES, tools: TOOLS };
    const unsupported = { ...SETTINGS, allowUnsupported: true };
    await expect(check(CHAT, body, unsupported)).rejects.toThrow('body.tools');
    const settings = { ...unsupported, models: { small: 'amazon.nova-micro-v1:0' } };
    await expect(check(CHAT, body, settings)).resolves.toBeUndefined();
  });

  const schema = { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object' } } };
  const marked = [
    { role: 'user', content: [{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } }] },
  ];
  test.each([
    ['tools for Claude', { model: claude, messages: MESSAGES, tools: TOOLS }, 'body.tools'],
    [
      'tools for Nova',
      { model: 'amazon.nova-lite-v1:0', messages: MESSAGES, tools: TOOLS },
      'body.tools',
    ],
    [
      'a schema for Claude',
      { model: claude, messages: MESSAGES, response_format: schema },
      'body.response_format',
    ],
    [
      'a schema for Converse',
      { model: 'meta.llama3', messages: MESSAGES, response_format: schema },
      'body.response_format',
    ],
    [
      'cache_control',
      { model: claude, messages: marked },
      'body.messages[0].content[0].cache_control',
    ],
  ])('%s is sent only if the settings allow what is not documented', async (_name, body, place) => {
    await expect(check(CHAT, body)).rejects.toThrow(`${place} cannot be expressed`);
    await expect(check(CHAT, body, { ...SETTINGS, allowUnsupported: true })).resolves.toBe(
      undefined,
    );
  });

  test('dropFields leaves out what is not documented', async () => {
    const body = { model: claude, messages: MESSAGES, response_format: schema, tools: TOOLS };
    const settings = { ...SETTINGS, dropFields: ['tools', 'response_format'] };
    await expect(check(CHAT, body, settings)).resolves.toBe(undefined);
  });

  test('a native request is accepted unchanged', async () => {
    const body = { model: 'meta.llama3', prompt: 'Hi', max_gen_len: 1 };
    const request = { customId: 'a', url: CHAT, model: body.model, body };
    const { checkRequest } = await describeBedrock(SETTINGS);
    expect(() => checkRequest?.(request, 'native')).not.toThrow();
  });
});

const { checkOptions } = await describeBedrock(SETTINGS);

describe('checkOptions', () => {
  test.each([{}, { modelInvocationType: 'Converse' }, { modelInvocationType: 'InvokeModel' }])(
    'takes %j',
    (options) => {
      expect(() => checkOptions(options)).not.toThrow();
    },
  );

  test.each([{ modelInvocationType: 'converse' }, { timeout: 1 }])('refuses %j', (options) => {
    expect(() => checkOptions(options)).toThrow(
      expect.objectContaining({
        name: 'RefusedError',
        message: expect.stringMatching(/options\./),
      }),
    );
  });
});
