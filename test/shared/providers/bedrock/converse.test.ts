import { describe, expect, test } from 'vitest';
import {
  type ConverseRules,
  converseRequest,
} from '../../../../shared/providers/bedrock/converse.ts';

const RULES: ConverseRules = { provider: 'Nova', dropFields: [], tools: true, schemas: true };
const USER = { role: 'user', content: 'Hello' };
const TOOL = {
  type: 'function',
  function: { name: 'look', description: 'Looks it up.', parameters: { type: 'object' } },
};
const CALL = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at":1}' } };
const PIXEL = 'data:image/png;base64,iVBORw0KGgo=';

function translate(body: object, rules = RULES) {
  return converseRequest({ model: 'm', messages: [USER], ...body }, rules);
}

describe('converseRequest', () => {
  test('a conversation with tools and an image', () => {
    const request = translate({
      messages: [
        { role: 'system', content: 'Be short.' },
        { role: 'developer', content: 'Be kind.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is it?' },
            { type: 'image_url', image_url: { url: PIXEL } },
          ],
        },
        { role: 'assistant', content: null, tool_calls: [CALL] },
        { role: 'tool', tool_call_id: 'call_1', content: 'A pixel.' },
        { role: 'user', content: 'And then?' },
        { role: 'assistant', content: 'A dot.' },
        { role: 'user', content: 'Thanks' },
      ],
      tools: [TOOL],
      tool_choice: { type: 'function', function: { name: 'look' } },
      max_completion_tokens: 50,
      temperature: 0.5,
      top_p: 0.9,
      stop: 'END',
    });

    expect(request).toEqual({
      system: [{ text: 'Be short.' }, { text: 'Be kind.' }],
      messages: [
        {
          role: 'user',
          content: [
            { text: 'What is it?' },
            { image: { format: 'png', source: { bytes: 'iVBORw0KGgo=' } } },
          ],
        },
        {
          role: 'assistant',
          content: [{ toolUse: { toolUseId: 'call_1', name: 'look', input: { at: 1 } } }],
        },
        {
          role: 'user',
          content: [
            { toolResult: { toolUseId: 'call_1', content: [{ text: 'A pixel.' }] } },
            { text: 'And then?' },
          ],
        },
        { role: 'assistant', content: [{ text: 'A dot.' }] },
        { role: 'user', content: [{ text: 'Thanks' }] },
      ],
      inferenceConfig: { maxTokens: 50, temperature: 0.5, topP: 0.9, stopSequences: ['END'] },
      toolConfig: {
        tools: [
          {
            toolSpec: {
              name: 'look',
              description: 'Looks it up.',
              inputSchema: { json: { type: 'object' } },
            },
          },
        ],
        toolChoice: { tool: { name: 'look' } },
      },
    });
  });

  test.each([
    ['auto', { auto: {} }],
    ['required', { any: {} }],
  ])('tool_choice %s', (choice, toolChoice) => {
    expect(translate({ tools: [TOOL], tool_choice: choice })).toMatchObject({
      toolConfig: { toolChoice },
    });
  });

  test('fields without effect are omitted', () => {
    const body = { n: 1, stream: false, response_format: { type: 'text' }, tool_choice: 'auto' };
    expect(translate(body)).toEqual({ messages: [{ role: 'user', content: [{ text: 'Hello' }] }] });
  });

  test('a JSON schema is sent as a text', () => {
    const schema = { type: 'object', properties: { a: { type: 'number' } } };
    const format = { type: 'json_schema', json_schema: { name: 'answer', schema } };
    expect(translate({ response_format: format }).outputConfig).toEqual({
      textFormat: {
        type: 'json_schema',
        structure: { jsonSchema: { name: 'answer', schema: JSON.stringify(schema) } },
      },
    });
  });

  test('a field of dropFields is dropped', () => {
    const body = {
      seed: 1,
      response_format: { type: 'json_object' },
      tools: [{ ...TOOL, function: { ...TOOL.function, strict: true } }],
    };
    const dropFields = ['seed', 'response_format', 'tools.function.strict'];
    expect(Object.keys(translate(body, { ...RULES, dropFields }))).toEqual([
      'messages',
      'toolConfig',
    ]);
  });

  const strict = { ...TOOL, function: { ...TOOL.function, strict: true } };
  const bitmap = { type: 'image_url', image_url: { url: 'data:image/bmp;base64,AA==' } };
  test.each([
    ['seed', { seed: 1 }, 'body.seed'],
    ['several choices', { n: 2 }, 'body.n'],
    ['reasoning_effort', { reasoning_effort: 'low' }, 'body.reasoning_effort'],
    ['parallel_tool_calls', { parallel_tool_calls: false }, 'body.parallel_tool_calls'],
    ['a high temperature', { temperature: 1.5 }, 'body.temperature'],
    ['json_object', { response_format: { type: 'json_object' } }, 'body.response_format'],
    ['no tool at all', { tools: [TOOL], tool_choice: 'none' }, 'body.tool_choice'],
    ['a strict tool', { tools: [strict] }, 'body.tools[0].function.strict'],
    ['a tool that must be called without any', { tool_choice: 'required' }, 'body.tools'],
    [
      'tool calls without tools',
      { messages: [USER, { role: 'assistant', tool_calls: [CALL] }] },
      'body.tools',
    ],
    ['a bitmap', { messages: [{ role: 'user', content: [bitmap] }] }, 'image/bmp'],
    ['an answer at the beginning', { messages: [{ role: 'assistant', content: 'a' }] }, 'begin'],
    ['nothing said', { messages: [{ role: 'user', content: ' ' }] }, 'without content'],
  ])('%s is refused by name', (_name, body, place) => {
    expect(() => translate(body)).toThrow(
      expect.objectContaining({ name: 'RefusedError', message: expect.stringContaining(place) }),
    );
  });

  test.each([
    ['tools', { tools: [TOOL] }, 'body.tools'],
    [
      'tool calls',
      { messages: [USER, { role: 'assistant', tool_calls: [CALL] }] },
      'body.messages has tool calls',
    ],
    [
      'a schema',
      { response_format: { type: 'json_schema', json_schema: { name: 'a', schema: {} } } },
      'body.response_format',
    ],
  ])('a model without them refuses %s', (_name, body, place) => {
    expect(() => translate(body, { ...RULES, tools: false, schemas: false })).toThrow(
      expect.objectContaining({ message: expect.stringContaining(place) }),
    );
  });

  test('a refusal does not quote the request', () => {
    const body = { messages: [{ role: 'user', content: 'my secret' }], seed: 4711 };
    expect(() => translate(body)).toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/secret|4711/) }),
    );
  });
});
