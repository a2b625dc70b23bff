import { describe, expect, test } from 'vitest';
import { claudeRequest } from '../../../../shared/providers/translation/claudeRequest.ts';
import { asChat } from '../../../../shared/providers/translation/responsesRequest.ts';

type Body = Readonly<Record<string, unknown>>;

const url = '/v1/responses';
const asIs = (chat: Body) => chat;
const read = (fields: Body = {}, dropFields: readonly string[] = []) =>
  asChat(
    { url, body: { model: 'a-model', input: 'Hi', ...fields } },
    { provider: 'Somebody', dropFields },
    asIs,
  );
const USER = { role: 'user', content: 'Hi' };

describe('a request of the Responses API becomes a chat completion', () => {
  const READ: [string, Body, Body][] = [
    ['a text', {}, { model: 'a-model', messages: [USER] }],
    [
      'instructions, which come first',
      { instructions: 'Be brief', input: [USER] },
      { messages: [{ role: 'system', content: 'Be brief' }, USER] },
    ],
    [
      'messages with parts, as the AI SDK writes them',
      {
        input: [
          { role: 'developer', content: 'Be brief' },
          {
            role: 'user',
            content: [
              { type: 'input_text', text: 'What is it?' },
              { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'low' },
              { type: 'input_file', file_data: 'data:application/pdf;base64,AAAA', filename: 'a' },
            ],
          },
        ],
      },
      {
        messages: [
          { role: 'developer', content: 'Be brief' },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What is it?' },
              {
                type: 'image_url',
                image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' },
              },
              {
                type: 'file',
                file: { file_data: 'data:application/pdf;base64,AAAA', filename: 'a' },
              },
            ],
          },
        ],
      },
    ],
    [
      'an earlier answer with its calls and their outputs',
      {
        input: [
          USER,
          { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'x' },
          {
            type: 'message',
            id: 'msg_1',
            status: 'completed',
            role: 'assistant',
            content: [{ type: 'output_text', text: 'Both.', annotations: [], logprobs: [] }],
          },
          { type: 'function_call', id: 'fc_1', call_id: 'c1', name: 'add', arguments: '{"a":1}' },
          { type: 'function_call', id: 'fc_2', call_id: 'c2', name: 'add', arguments: '{"a":2}' },
          { type: 'function_call_output', call_id: 'c1', output: 'one' },
          {
            type: 'function_call_output',
            call_id: 'c2',
            output: [{ type: 'input_text', text: 'two' }],
          },
        ],
      },
      {
        messages: [
          USER,
          {
            role: 'assistant',
            content: [{ type: 'text', text: 'Both.' }],
            tool_calls: [
              { id: 'c1', type: 'function', function: { name: 'add', arguments: '{"a":1}' } },
              { id: 'c2', type: 'function', function: { name: 'add', arguments: '{"a":2}' } },
            ],
          },
          { role: 'tool', tool_call_id: 'c1', content: 'one' },
          { role: 'tool', tool_call_id: 'c2', content: [{ type: 'text', text: 'two' }] },
        ],
      },
    ],
    [
      'a call after a message of the user, which gets a message of its own',
      { input: [USER, { type: 'function_call', call_id: 'c', name: 'add', arguments: '' }] },
      {
        messages: [
          USER,
          {
            role: 'assistant',
            content: null,
            tool_calls: [{ id: 'c', type: 'function', function: { name: 'add', arguments: '' } }],
          },
        ],
      },
    ],
    [
      'an earlier refusal',
      { input: [USER, { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] }] },
      { messages: [USER, { role: 'assistant', content: [{ type: 'text', text: 'No.' }] }] },
    ],
    ['the limit', { max_output_tokens: 5 }, { max_completion_tokens: 5 }],
    ['the effort', { reasoning: { effort: 'low' } }, { reasoning_effort: 'low' }],
    [
      'functions and a forced one',
      {
        tools: [{ type: 'function', name: 'add', parameters: { type: 'object' }, strict: true }],
        tool_choice: { type: 'function', name: 'add' },
      },
      {
        tools: [
          {
            type: 'function',
            function: { name: 'add', parameters: { type: 'object' }, strict: true },
          },
        ],
        tool_choice: { type: 'function', function: { name: 'add' } },
      },
    ],
    [
      'a schema of the answer',
      { text: { format: { type: 'json_schema', name: 'city', schema: {}, strict: true } } },
      {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'city', schema: {}, strict: true },
        },
      },
    ],
    ['sampling', { temperature: 0.2, top_p: 0.9 }, { temperature: 0.2, top_p: 0.9 }],
  ];
  test.each(READ)('%s', (_name, fields, expected) => {
    expect(read(fields)).toMatchObject(expected);
  });

  test('what asks for nothing is left out', () => {
    const nothing = {
      background: false,
      truncation: 'disabled',
      service_tier: 'auto',
      include: ['reasoning.encrypted_content'],
      text: { format: null, verbosity: 'medium' },
      tools: [],
      tool_choice: 'auto',
      reasoning: { effort: null },
    };
    expect(read(nothing)).toEqual({ model: 'a-model', messages: [USER], tools: [] });
  });

  const REFUSED: [string, Body, string][] = [
    ['a tool that runs at OpenAI', { tools: [{ type: 'web_search' }] }, 'body.tools[0].type'],
    ['a choice of such a tool', { tools: [tool()], tool_choice: { type: 'mcp' } }, 'tool_choice'],
    ['an item by its id', { input: [USER, { type: 'item_reference', id: 'x' }] }, 'body.input[1]'],
    ['a file by its id', { input: [fileById()] }, 'body.input[0].content[0].file_id'],
    ['probabilities', { include: ['message.output_text.logprobs'] }, 'body.include[0]'],
    ['a summary of the reasoning', { reasoning: { summary: 'auto' } }, 'body.reasoning.summary'],
    ['a message without a content', { input: [{ role: 'user' }] }, 'body.input[0].content'],
    ['no input', { input: undefined }, 'body.input'],
  ];
  test.each(REFUSED)('%s is refused, naming the place', (_name, fields, place) => {
    expect(() => read(fields)).toThrow(place);
  });

  test('what the entry drops is not refused', () => {
    const dropped = read({ reasoning: { summary: 'auto' }, include: ['web_search_call.results'] }, [
      'reasoning.summary',
      'include',
    ]);
    expect(dropped).toEqual({ model: 'a-model', messages: [USER] });
  });

  test('an error of the provider’s translation says that it names places of a chat completion', () => {
    const rules = { provider: 'Anthropic', dropFields: [] };
    const claude = { ...rules, model: 'claude-haiku-4-5', extras: NO_EXTRAS };
    const body = { model: 'claude-haiku-4-5', input: 'Hi', seed: 7 };
    expect(() => asChat({ url, body }, rules, (chat) => claudeRequest(chat, claude))).toThrow(
      /read as a chat completion: body\.seed cannot be expressed for Anthropic/,
    );
  });

  test('a request of another endpoint passes as it is', () => {
    const body = { model: 'a-model', messages: [USER], tools: [{ type: 'web_search' }] };
    const rules = { provider: 'Somebody', dropFields: [] };
    expect(asChat({ url: '/v1/chat/completions', body }, rules, asIs)).toBe(body);
  });
});

const NO_EXTRAS = { urls: false, files: [], cacheControl: false };

function tool() {
  return { type: 'function', name: 'add' };
}

function fileById() {
  return { role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] };
}
