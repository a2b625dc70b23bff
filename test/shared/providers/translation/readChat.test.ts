import { describe, expect, test } from 'vitest';
import type { Chat } from '../../../../shared/providers/translation/chat.ts';
import { readChat } from '../../../../shared/providers/translation/readChat.ts';

type Body = Readonly<Record<string, unknown>>;

const FIELDS = [
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'stop',
  'seed',
];
const USER = { role: 'user', content: 'Hi' };
const body = (fields: Body = {}) => ({ model: 'a-model', messages: [USER], ...fields });
const read = (fields: Body = {}, dropFields: readonly string[] = []) =>
  readChat(body(fields), { provider: 'Somebody', fields: new Set(FIELDS), dropFields });
const image = (fields: object) => ({
  messages: [{ role: 'user', content: [{ type: 'image_url', image_url: fields }] }],
});
const call = (fields: object = {}) => ({
  id: 'call_1',
  type: 'function',
  function: { name: 'add', arguments: '{"a":1}' },
  ...fields,
});

describe('readChat', () => {
  const READ: [string, Body, Partial<Chat>][] = [
    ['a text', {}, { instructions: [], turns: [{ role: 'user', parts: [text('Hi')] }] }],
    [
      'system and developer messages',
      {
        messages: [
          { role: 'system', content: 'A' },
          {
            role: 'developer',
            content: [
              { type: 'text', text: 'B' },
              { type: 'text', text: 'C' },
            ],
          },
          USER,
        ],
      },
      { instructions: [text('A'), text('BC')] },
    ],
    [
      'parts and an image by data URL',
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What is it?' },
              {
                type: 'image_url',
                image_url: { url: 'data:image/png;base64,AAAA', detail: 'auto' },
              },
            ],
          },
        ],
      },
      {
        turns: [
          {
            role: 'user',
            parts: [text('What is it?'), { type: 'image', mediaType: 'image/png', data: 'AAAA' }],
          },
        ],
      },
    ],
    [
      'tool calls and their answers in one turn',
      {
        messages: [
          USER,
          { role: 'assistant', content: null, tool_calls: [call(), call({ id: 'call_2' })] },
          { role: 'tool', tool_call_id: 'call_1', content: '3' },
          { role: 'tool', tool_call_id: 'call_2', content: [{ type: 'text', text: '4' }] },
          { role: 'assistant', content: 'Done.', refusal: null, annotations: [] },
        ],
      },
      {
        turns: [
          { role: 'user', parts: [text('Hi')] },
          {
            role: 'assistant',
            parts: [],
            toolCalls: [
              { id: 'call_1', name: 'add', arguments: { a: 1 } },
              { id: 'call_2', name: 'add', arguments: { a: 1 } },
            ],
          },
          {
            role: 'tool',
            results: [
              { callId: 'call_1', name: 'add', text: '3' },
              { callId: 'call_2', name: 'add', text: '4' },
            ],
          },
          { role: 'assistant', parts: [text('Done.')], toolCalls: [] },
        ],
      },
    ],
    [
      'tools',
      { tools: [{ type: 'function', function: { name: 'add', strict: true } }] },
      { tools: [{ name: 'add', description: undefined, parameters: undefined, strict: true }] },
    ],
    ['no choice', { tool_choice: null }, { toolChoice: undefined }],
    ['a word as choice', { tool_choice: 'required' }, { toolChoice: 'required' }],
    [
      'a named choice',
      { tool_choice: { type: 'function', function: { name: 'add' } } },
      { toolChoice: { tool: 'add' } },
    ],
    [
      'a schema, with its description',
      {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'x', description: 'An x', schema: { type: 'object' }, strict: null },
        },
      },
      {
        responseFormat: {
          type: 'json_schema',
          name: 'x',
          schema: { description: 'An x', type: 'object' },
          strict: undefined,
        },
      },
    ],
    [
      'json_object',
      { response_format: { type: 'json_object' } },
      { responseFormat: { type: 'json_object' } },
    ],
    ['max_tokens', { max_tokens: 5 }, { maxTokens: 5 }],
    ['max_completion_tokens first', { max_tokens: 5, max_completion_tokens: 6 }, { maxTokens: 6 }],
    ['one stop', { stop: 'x' }, { stop: ['x'] }],
    ['stops', { stop: ['x', 'y'] }, { stop: ['x', 'y'] }],
    [
      'what asks for nothing',
      { n: 1, stream: false, logprobs: false, audio: null },
      { n: undefined },
    ],
    ['a setting', { seed: 7, temperature: 0 }, { seed: 7, temperature: 0 }],
  ];
  test.each(READ)('reads %s', (_name, fields, expected) => {
    expect(read(fields)).toMatchObject(expected);
  });

  const REFUSED: [string, Body, string, string][] = [
    ['a field of nobody', { logit_bias: { 5: 1 } }, 'unsupported_field', 'body.logit_bias cannot'],
    ['more choices', { n: 2 }, 'unsupported_field', 'body.n cannot be expressed for Somebody'],
    ['no messages', { messages: [] }, 'invalid_field', 'body.messages: '],
    ['a wrong type', { temperature: 'hot' }, 'invalid_field', 'body.temperature: '],
    [
      'an unknown role',
      { messages: [{ role: 'sage', content: '' }] },
      'invalid_field',
      'body.messages[0]',
    ],
    [
      'a system message later on',
      { messages: [USER, { role: 'system', content: 'x' }] },
      'unsupported_field',
      'body.messages[1].role cannot be expressed for Somebody: move it before',
    ],
    [
      'an image by address',
      image({ url: 'https://example.com/a.png' }),
      'unsupported_field',
      'body.messages[0].content[0].image_url.url is no data:',
    ],
    [
      'a file',
      { messages: [{ role: 'user', content: [{ type: 'file', file: {} }] }] },
      'unsupported_field',
      'body.messages[0].content[0].file cannot be expressed for Somebody',
    ],
    [
      'a mark of the cache',
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } }],
          },
        ],
      },
      'unsupported_field',
      'body.messages[0].content[0].cache_control cannot be expressed for Somebody: remove it, or list "messages.content.cache_control"',
    ],
    [
      'the detail of an image',
      image({ url: 'data:image/png;base64,AA', detail: 'high' }),
      'unsupported_field',
      'body.messages[0].content[0].image_url.detail cannot be expressed for Somebody: remove it, or list "messages.content.image_url.detail"',
    ],
    [
      'a name',
      { messages: [{ ...USER, name: 'Ann' }] },
      'unsupported_field',
      'list "messages.name" in',
    ],
    [
      'an answer to no call',
      { messages: [USER, { role: 'tool', tool_call_id: 'x', content: '' }] },
      'invalid_field',
      'body.messages[1].tool_call_id is that of no tool call',
    ],
    [
      'arguments that are no JSON',
      {
        messages: [
          USER,
          {
            role: 'assistant',
            tool_calls: [call({ function: { name: 'add', arguments: 'secret' } })],
          },
        ],
      },
      'invalid_field',
      'body.messages[1].tool_calls[0].function.arguments is not the JSON of an object',
    ],
    [
      'what a tool has besides',
      { tools: [{ type: 'function', function: { name: 'add' }, cached: true }] },
      'unsupported_field',
      'body.tools[0].cached cannot',
    ],
  ];
  test.each(REFUSED)('refuses %s', (_name, fields, code, message) => {
    const reading = () => read(fields);
    expect(reading).toThrow(message);
    expect(reading).toThrow(expect.objectContaining({ reason: expect.objectContaining({ code }) }));
    expect(reading).not.toThrow('secret');
  });

  test.each<[string, Body]>([
    ['logit_bias', { logit_bias: {} }],
    ['n', { n: 3 }],
    ['messages.name', { messages: [{ ...USER, name: 'Ann' }] }],
    ['messages.content.image_url.detail', image({ url: 'data:image/png;base64,A', detail: 'low' })],
  ])('drops %s if dropFields contains it', (name, fields) => {
    expect(() => read(fields, [name])).not.toThrow();
    expect(() => read(fields)).toThrow('cannot be expressed');
  });

  test('a very long media type of a data URL does not overflow', () => {
    const data = 'A'.repeat(8_000_000);
    const { turns } = read(image({ url: `data:image/png;base64,${data}` }));
    expect(turns).toMatchObject([{ parts: [{ mediaType: 'image/png' }] }]);
  });
});

function text(value: string) {
  return { type: 'text' as const, text: value };
}
