import type Anthropic from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import {
  AT_ANTHROPIC,
  AT_OTHERS,
  claudeRequest,
} from '../../../../../shared/providers/translation/claudeRequest.ts';

type Body = Readonly<Record<string, unknown>>;
/** The fields of the SDK's types, which no longer have those that only older models accept. */
type Wire = Partial<Anthropic.MessageCreateParamsNonStreaming> & {
  readonly temperature?: number;
  readonly top_p?: number;
};

const MODEL = 'claude-haiku-4-5';
const USER = { role: 'user', content: 'Hi' };
const translate = (body: Body, { model = MODEL, dropFields = [] as string[] } = {}) =>
  claudeRequest(
    { model: 'gpt-4o-mini', messages: [USER], ...body },
    { provider: 'Anthropic', model, extras: AT_ANTHROPIC, dropFields },
  );
const ADD = { type: 'function', function: { name: 'add', parameters: { properties: {} } } };
const CALL = { id: 'call_1', type: 'function', function: { name: 'add', arguments: '{"a":1}' } };

function userPart(part: object): Body {
  return { messages: [{ role: 'user', content: [part] }] };
}

describe('claudeRequest', () => {
  test('has the model, the messages and a token limit', () => {
    const expected: Wire = {
      model: MODEL,
      max_tokens: 32_000,
      messages: [{ role: 'user', content: 'Hi' }],
    };
    expect(translate({})).toEqual(expected);
  });

  test('omits the model if the body has none', () => {
    const rules = { provider: 'Bedrock', model: undefined, extras: AT_OTHERS, dropFields: [] };
    const request = claudeRequest({ model: 'x', messages: [USER] }, rules);
    expect(request).toEqual({ max_tokens: 32_000, messages: [USER] });
  });

  const TRANSLATED: [string, Body, Wire][] = [
    ['max_tokens', { max_tokens: 7 }, { max_tokens: 7 }],
    ['max_completion_tokens', { max_completion_tokens: 8, max_tokens: 7 }, { max_tokens: 8 }],
    ['temperature', { temperature: 0 }, { temperature: 0 }],
    ['top_p', { top_p: 0.5, temperature: 1 }, { top_p: 0.5 }],
    ['stop', { stop: ['x', 'y\n'] }, { stop_sequences: ['x', 'y\n'] }],
    ['user', { user: 'u' }, { metadata: { user_id: 'u' } }],
    [
      'a schema',
      {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'x', schema: { type: 'object' }, strict: true },
        },
      },
      {
        output_config: {
          format: {
            type: 'json_schema',
            schema: { type: 'object', properties: {}, additionalProperties: false },
          },
        },
      },
    ],
    [
      'one instruction',
      { messages: [{ role: 'system', content: 'Be.' }, USER] },
      { system: 'Be.' },
    ],
    [
      'instructions',
      {
        messages: [
          { role: 'system', content: 'A' },
          { role: 'developer', content: 'B' },
          { role: 'system', content: '' },
          USER,
        ],
      },
      {
        system: [
          { type: 'text', text: 'A' },
          { type: 'text', text: 'B' },
        ],
      },
    ],
    [
      'an image',
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What?' },
              { type: 'image_url', image_url: { url: 'data:image/webp;base64,AAAA' } },
            ],
          },
        ],
      },
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What?' },
              { type: 'image', source: { type: 'base64', media_type: 'image/webp', data: 'AAAA' } },
            ],
          },
        ],
      },
    ],
    [
      'images and PDFs, in the request and at a URL',
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
              {
                type: 'file',
                file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' },
              },
              { type: 'file', file: { file_data: 'https://example.com/b.pdf' } },
            ],
          },
        ],
      },
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
              {
                type: 'document',
                title: 'a.pdf',
                source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' },
              },
              { type: 'document', source: { type: 'url', url: 'https://example.com/b.pdf' } },
            ],
          },
        ],
      },
    ],
    [
      'marks of what is worth caching',
      {
        tools: [{ ...ADD, cache_control: { type: 'ephemeral' } }],
        messages: [
          {
            role: 'system',
            content: [
              { type: 'text', text: 'Long.', cache_control: { type: 'ephemeral', ttl: '1h' } },
              { type: 'text', text: 'A' },
              { type: 'text', text: 'B' },
            ],
          },
          {
            role: 'user',
            content: [{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } }],
          },
          { role: 'assistant', tool_calls: [CALL] },
          {
            role: 'tool',
            tool_call_id: 'call_1',
            content: [{ type: 'text', text: '3', cache_control: { type: 'ephemeral' } }],
          },
        ],
      },
      {
        tools: [
          {
            name: 'add',
            input_schema: { type: 'object', properties: {} },
            cache_control: { type: 'ephemeral' },
          },
        ],
        system: [
          { type: 'text', text: 'Long.', cache_control: { type: 'ephemeral', ttl: '1h' } },
          { type: 'text', text: 'AB' },
        ],
        messages: [
          {
            role: 'user',
            content: [{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } }],
          },
          {
            role: 'assistant',
            content: [{ type: 'tool_use', id: 'call_1', name: 'add', input: { a: 1 } }],
          },
          {
            role: 'user',
            content: [
              {
                type: 'tool_result',
                tool_use_id: 'call_1',
                content: '3',
                cache_control: { type: 'ephemeral' },
              },
            ],
          },
        ],
      },
    ],
    [
      'turns with tool calls, and their answers as one turn of the user',
      {
        tools: [ADD],
        messages: [
          USER,
          { role: 'assistant', content: 'I add.', tool_calls: [CALL, { ...CALL, id: 'call_2' }] },
          { role: 'tool', tool_call_id: 'call_1', content: '3' },
          { role: 'tool', tool_call_id: 'call_2', content: '' },
          { role: 'assistant', content: 'Three.' },
          USER,
        ],
      },
      {
        messages: [
          { role: 'user', content: 'Hi' },
          {
            role: 'assistant',
            content: [
              { type: 'text', text: 'I add.' },
              { type: 'tool_use', id: 'call_1', name: 'add', input: { a: 1 } },
              { type: 'tool_use', id: 'call_2', name: 'add', input: { a: 1 } },
            ],
          },
          {
            role: 'user',
            content: [
              { type: 'tool_result', tool_use_id: 'call_1', content: '3' },
              { type: 'tool_result', tool_use_id: 'call_2' },
            ],
          },
          { role: 'assistant', content: 'Three.' },
          { role: 'user', content: 'Hi' },
        ],
      },
    ],
    [
      'tools',
      {
        tools: [
          {
            type: 'function',
            function: {
              name: 'add',
              description: 'Adds',
              parameters: { properties: { n: { type: 'integer', minimum: 1 } }, required: ['n'] },
              strict: true,
            },
          },
          { type: 'function', function: { name: 'now' } },
          { type: 'function', function: { name: 'stop', parameters: {}, strict: true } },
          {
            type: 'function',
            function: {
              name: 'free',
              parameters: { properties: { n: { type: 'integer', minimum: 1 } } },
            },
          },
        ],
      },
      {
        tools: [
          {
            name: 'add',
            description: 'Adds',
            input_schema: {
              type: 'object',
              properties: { n: { type: 'integer', description: '{minimum: 1}' } },
              required: ['n'],
              additionalProperties: false,
            },
            strict: true,
          },
          { name: 'now', input_schema: { type: 'object' } },
          {
            name: 'stop',
            input_schema: { type: 'object', properties: {}, additionalProperties: false },
            strict: true,
          },
          // Without `strict`, bounds are only for the model to read.
          {
            name: 'free',
            input_schema: {
              type: 'object',
              properties: { n: { type: 'integer', minimum: 1 } },
            },
          },
        ],
      },
    ],
  ];
  test.each(TRANSLATED)('translates %s', (_name, body, expected) => {
    const found = translate(body);
    expect(found).toMatchObject(expected);
    // No other fields, and no field with more than its own part.
    const allowed = ['model', 'max_tokens', 'messages', 'tools', ...Object.keys(expected)];
    expect(Object.keys(found).filter((field) => !allowed.includes(field))).toEqual([]);
    for (const [field, value] of Object.entries(expected)) expect(found[field]).toEqual(value);
  });

  const CHOICES: [Body, Wire['tool_choice'] | undefined][] = [
    [{}, undefined],
    [{ tool_choice: 'auto' }, { type: 'auto' }],
    [{ tool_choice: 'none' }, { type: 'none' }],
    [{ tool_choice: 'none', parallel_tool_calls: false }, { type: 'none' }],
    [{ tool_choice: 'required' }, { type: 'any' }],
    [{ tool_choice: 'required', parallel_tool_calls: true }, { type: 'any' }],
    [{ parallel_tool_calls: false }, { type: 'auto', disable_parallel_tool_use: true }],
    [
      { tool_choice: 'required', parallel_tool_calls: false },
      { type: 'any', disable_parallel_tool_use: true },
    ],
    [
      { tool_choice: { type: 'function', function: { name: 'add' } } },
      { type: 'tool', name: 'add' },
    ],
  ];
  test.each(CHOICES)('translates the choices %j into %j', (fields, expected) => {
    expect(translate({ tools: [ADD], ...fields }).tool_choice).toEqual(expected);
  });

  test.each(['auto', 'none'])('without tools, %s is omitted', (choice) => {
    expect(translate({ tool_choice: choice })).not.toHaveProperty('tool_choice');
  });

  const REFUSED: [string, Body, string, string?][] = [
    ['a seed', { seed: 1 }, 'body.seed cannot be expressed for Anthropic'],
    ['more choices', { n: 2 }, 'body.n cannot'],
    ['penalties', { presence_penalty: 1 }, 'body.presence_penalty cannot'],
    [
      'a hot temperature',
      { temperature: 1.1 },
      'body.temperature cannot be expressed for Anthropic: use a number from 0 to 1',
    ],
    [
      'two ways to sample',
      { temperature: 0.5, top_p: 0.5 },
      'body.top_p cannot be expressed for Anthropic: send temperature or top_p',
    ],
    ['a blank stop', { stop: ['x', '\n'] }, 'body.stop cannot'],
    [
      'another effort',
      { reasoning_effort: 'xhigh' },
      'body.reasoning_effort cannot be expressed for Anthropic: claude-opus-4-5 takes low, medium, high. If it does, say so',
      'claude-opus-4-5',
    ],
    [
      'an effort, for a model that has none',
      { reasoning_effort: 'low' },
      'body.reasoning_effort cannot be expressed for Anthropic: claude-haiku-4-5 does not take it: remove it, or list "reasoning_effort"',
    ],
    [
      'a conversation that ends with the assistant, from 4.6 on',
      { messages: [USER, { role: 'assistant', content: '{' }] },
      'body.messages cannot be expressed for Anthropic: claude-sonnet-4-6 takes no conversation that ends with the assistant',
      'claude-sonnet-4-6',
    ],
    [
      'json_object',
      { response_format: { type: 'json_object' } },
      'body.response_format.type cannot be expressed for Anthropic: use json_schema',
    ],
    [
      'a forced call without tools',
      { tool_choice: 'required' },
      'body.tool_choice asks for a tool',
    ],
    [
      'a message without content',
      { messages: [{ role: 'user', content: ' ' }] },
      'one of the user messages is empty',
    ],
    [
      'an assistant without content',
      { messages: [USER, { role: 'assistant', content: '' }] },
      'one of the assistant messages is empty',
    ],
    [
      'instructions alone',
      { messages: [{ role: 'system', content: 'Be.' }] },
      'body.messages cannot be expressed for Anthropic: add a user message',
    ],
    [
      'another image',
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'image_url', image_url: { url: 'data:image/tiff;base64,AA' } }],
          },
        ],
      },
      'use one of image/jpeg',
    ],
    [
      'a file that is no PDF',
      userPart({ type: 'file', file: { file_data: 'data:text/html;base64,AA' } }),
      'body.messages[0].content[0].file.file_data cannot be expressed for Anthropic: use one of application/pdf',
    ],
    [
      'a file at OpenAI',
      userPart({ type: 'file', file: { file_id: 'file-1' } }),
      'body.messages[0].content[0].file.file_id cannot be expressed',
    ],
    [
      'another mark of the cache',
      userPart({ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral', ttl: '2h' } }),
      'body.messages[0].content[0].cache_control is none of Anthropic',
    ],
    [
      'more marks of the cache than Claude takes',
      {
        messages: Array.from({ length: 5 }, () => ({
          role: 'user',
          content: [{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } }],
        })),
      },
      'body.messages cannot be expressed for Anthropic: it has 5 cache_control marks: use at most 4',
    ],
    [
      'a choice as the arguments of a tool',
      { tools: [{ type: 'function', function: { name: 'x', parameters: { oneOf: [] } } }] },
      'body.tools[0].function.parameters.oneOf cannot be expressed for Anthropic: put it into',
    ],
    [
      'a schema, for a model that cannot be bound to one',
      { response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {} } } },
      'body.response_format.type cannot be expressed for Anthropic: claude-opus-4-1 cannot be bound',
      'claude-opus-4-1',
    ],
    [
      'a strict tool, for a model that cannot be bound to its schema',
      { tools: [{ type: 'function', function: { name: 'x', strict: true } }] },
      'body.tools[0].function.strict cannot be expressed for Anthropic: claude-opus-4-1',
      'claude-opus-4-1',
    ],
    [
      'tool calls without tools',
      {
        messages: [
          USER,
          { role: 'assistant', tool_calls: [CALL] },
          { role: 'tool', tool_call_id: 'call_1', content: '3' },
        ],
      },
      'body.tools is missing',
    ],
    [
      'an id with other characters',
      {
        tools: [ADD],
        messages: [USER, { role: 'assistant', tool_calls: [{ ...CALL, id: 'a.b:0' }] }],
      },
      'use letters, digits, _ and -',
    ],
    [
      'sampling, for a model that has none',
      { temperature: 0 },
      'body.temperature cannot be expressed for Anthropic: claude-opus-5-5 does not take it',
      'claude-opus-5-5',
    ],
  ];
  test.each(REFUSED)('refuses %s', (_name, body, message, model = MODEL) => {
    expect(() => translate(body, { model })).toThrow(message);
  });

  test.each<[string, Body, string]>([
    ['seed', { seed: 1 }, MODEL],
    ['temperature', { temperature: 1.5 }, MODEL],
    ['temperature', { temperature: 0 }, 'claude-sonnet-5'],
    ['top_p', { temperature: 0.5, top_p: 0.5 }, MODEL],
    ['stop', { stop: [' '] }, MODEL],
    ['reasoning_effort', { reasoning_effort: 'none' }, MODEL],
  ])('drops %s if dropFields contains it', (name, body, model) => {
    const request = translate(body, { model, dropFields: [name] });
    const wire = { stop: 'stop_sequences', reasoning_effort: 'output_config' }[name] ?? name;
    expect(request).not.toHaveProperty(wire);
  });

  test('a model with effort gets it, and an older one may be given the beginning of its answer', () => {
    const request = translate({ reasoning_effort: 'max' }, { model: 'claude-opus-4-6' });
    expect(request).toMatchObject({ output_config: { effort: 'max' } });
    const messages = [USER, { role: 'assistant', content: '{' }];
    expect(translate({ messages })).toMatchObject({ messages });
  });

  test.each(['claude-haiku-4-5', 'gpt-4o-mini', '*'])('modelFacts of %s overrule', (name) => {
    const request = claudeRequest(
      { model: 'gpt-4o-mini', messages: [USER], reasoning_effort: 'tiny' },
      {
        provider: 'Anthropic',
        model: MODEL,
        extras: AT_ANTHROPIC,
        dropFields: [],
        modelFacts: { [name]: { reasoningEfforts: ['tiny'], maxTokens: 5 }, other: {} },
      },
    );
    expect(request).toMatchObject({ max_tokens: 5, output_config: { effort: 'tiny' } });
  });

  test.each([
    ['an image', { type: 'image_url', image_url: { url: 'https://example.com/a.png' } }],
    ['a file', { type: 'file', file: { file_data: 'https://example.com/a.pdf' } }],
  ])('%s by URL is refused where the provider fetches nothing', (_name, part) => {
    const rules = { provider: 'Bedrock', model: undefined, extras: AT_OTHERS, dropFields: [] };
    const body = { model: MODEL, ...userPart(part) };
    expect(() => claudeRequest(body, rules)).toThrow(
      /content\[0\]\.(image_url\.url|file\.file_data) is no data:/,
    );
  });

  test('an unnamed model decides about sampling fields', () => {
    const body = { model: 'x', messages: [USER], temperature: 0 };
    const rules = { provider: 'Bedrock', model: undefined, extras: AT_OTHERS, dropFields: [] };
    const of = (unnamedModel: string) => () => claudeRequest(body, { ...rules, unnamedModel });
    expect(of('anthropic.claude-haiku-4-5-20251001-v1:0')()).toMatchObject({ temperature: 0 });
    expect(of('anthropic.claude-opus-4-7-v1:0')).toThrow('body.temperature cannot');
  });
});
