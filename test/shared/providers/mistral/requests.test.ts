import { describe, expect, test } from 'vitest';
import { mistralBody } from '../../../../shared/providers/mistral/requests.ts';

const CHAT = '/v1/chat/completions';
const MESSAGES = [{ role: 'user', content: 'Say a word.' }];

function bodyOf(body: object, dropFields: readonly string[] = [], url = CHAT) {
  const request = { url, body: { model: 'm', ...body } };
  return mistralBody(request, 'openai', { dropFields });
}

describe('a chat completion in Mistral’s fields', () => {
  test.each([
    ['the limit of the answer', { max_completion_tokens: 9 }, { max_tokens: 9 }],
    ['its older name', { max_tokens: 9 }, { max_tokens: 9 }],
    ['the seed', { seed: 7 }, { random_seed: 7 }],
    ['what Mistral has, too', { n: 2, stop: ['a'], top_p: 0.5 }, { n: 2, stop: ['a'], top_p: 0.5 }],
    ['what changes nothing', { store: false, logprobs: null, service_tier: null }, {}],
    [
      'a choice of a tool',
      { tool_choice: { type: 'function', function: { name: 'f' } } },
      { tool_choice: { type: 'function', function: { name: 'f' } } },
    ],
    [
      'a tool without parameters',
      { tools: [{ type: 'function', function: { name: 'f', strict: true } }] },
      {
        tools: [
          {
            type: 'function',
            function: { name: 'f', strict: true, parameters: { type: 'object', properties: {} } },
          },
        ],
      },
    ],
    [
      'a schema of the answer',
      {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'n', schema: { type: 'object' }, strict: true },
        },
      },
      {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'n', schema: { type: 'object' }, strict: true },
        },
      },
    ],
  ])('%s', (_name, given, expected) => {
    expect(bodyOf({ messages: MESSAGES, ...given })).toEqual({ messages: MESSAGES, ...expected });
  });

  test('a conversation with images, tool calls and an answer of OpenAI', () => {
    const calls = [{ id: 'abcdefghi', type: 'function', function: { name: 'f', arguments: '{}' } }];
    const image = { type: 'image_url', image_url: { url: 'https://a.example/b.png' } };
    const messages = [
      { role: 'developer', content: 'Be short.' },
      { role: 'user', content: [{ type: 'text', text: 'What is it?' }, image] },
      { role: 'assistant', content: null, refusal: null, annotations: [], tool_calls: calls },
      { role: 'tool', tool_call_id: 'abcdefghi', content: 'a cat' },
    ];
    expect(bodyOf({ messages }).messages).toEqual([
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: [{ type: 'text', text: 'What is it?' }, image] },
      { role: 'assistant', content: null, tool_calls: calls },
      { role: 'tool', tool_call_id: 'abcdefghi', content: 'a cat' },
    ]);
  });

  test.each([
    ['user', { user: 'me' }, 'body.user'],
    ['logit_bias', { logit_bias: { 1: 2 } }, 'body.logit_bias'],
    [
      'messages.name',
      { messages: [{ role: 'user', content: 'a', name: 'b' }] },
      'body.messages[0].name',
    ],
  ])('%s is refused, or dropped', (name, given, place) => {
    const body = { messages: MESSAGES, ...given };
    expect(() => bodyOf(body)).toThrow(`${place} cannot be expressed for Mistral`);
    expect(bodyOf(body, [name])).not.toHaveProperty(name);
  });

  test.each([
    [{ messages: 'none' }, 'body.messages is no list'],
    [{ messages: ['a'] }, 'body.messages[0] is no object'],
    [{ messages: [{ role: 'critic', content: 'a' }] }, 'body.messages[0].role cannot be expressed'],
    [
      { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }] },
      'body.messages[0].content[0].type cannot be expressed',
    ],
    [
      { messages: [...MESSAGES, { role: 'assistant', content: 'A' }] },
      'body.messages[1].role cannot be expressed',
    ],
    [{ messages: MESSAGES, tools: {} }, 'body.tools is no list'],
    [{ messages: MESSAGES, response_format: 'json' }, 'body.response_format is no object'],
  ])('%j is refused with its place', (given, text) => {
    expect(() => bodyOf(given)).toThrow(text);
  });
});

test('embeddings have their own names, and no tokens for texts', () => {
  const url = '/v1/embeddings';
  expect(bodyOf({ input: ['a', 'b'], dimensions: 8 }, [], url)).toEqual({
    input: ['a', 'b'],
    output_dimension: 8,
  });
  expect(() => bodyOf({ input: [1, 2] }, [], url)).toThrow('body.input cannot be expressed');
});

test('a native body goes through, without the model', () => {
  const body = { model: 'm', safe_prompt: true, messages: MESSAGES };
  expect(mistralBody({ url: CHAT, body }, 'native', { dropFields: [] })).toEqual({
    safe_prompt: true,
    messages: MESSAGES,
  });
});
