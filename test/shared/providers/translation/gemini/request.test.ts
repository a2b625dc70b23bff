import { expect, test } from 'vitest';
import { generateContentRequest } from '../../../../../shared/providers/translation/geminiRequest.ts';

const MODEL = 'gemini-2.5-flash';
const USER = { role: 'user', content: 'Hi' };
const TOOL = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'Tells the weather.',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
};
const RULES = { provider: 'Gemini', dropFields: [] };

function translate(body: object, rules: object = {}) {
  const whole = { model: MODEL, messages: [USER], ...body };
  return generateContentRequest(whole, { ...RULES, ...rules });
}

test('a whole conversation, with an image and tools', () => {
  const request = translate({
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'developer', content: [{ type: 'text', text: 'No lists.' }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0K' } },
        ],
      },
      {
        role: 'assistant',
        content: 'I look it up.',
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at":"it"}' } },
          { id: 'call_2', type: 'function', function: { name: 'weather', arguments: '' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'A cat' },
      { role: 'tool', tool_call_id: 'call_2', content: '{"sky":"blue"}' },
      { role: 'assistant', content: 'A cat under a blue sky.' },
      USER,
    ],
    tools: [TOOL],
  });

  expect(request).toEqual({
    systemInstruction: { parts: [{ text: 'Be brief.' }, { text: 'No lists.' }] },
    contents: [
      {
        role: 'user',
        parts: [
          { text: 'What is this?' },
          { inlineData: { mimeType: 'image/png', data: 'iVBORw0K' } },
        ],
      },
      {
        role: 'model',
        parts: [
          { text: 'I look it up.' },
          { functionCall: { id: 'call_1', name: 'look', args: { at: 'it' } } },
          { functionCall: { id: 'call_2', name: 'weather', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'call_1', name: 'look', response: { output: 'A cat' } } },
          {
            functionResponse: {
              id: 'call_2',
              name: 'weather',
              response: { output: { sky: 'blue' } },
            },
          },
        ],
      },
      { role: 'model', parts: [{ text: 'A cat under a blue sky.' }] },
      { role: 'user', parts: [{ text: 'Hi' }] },
    ],
    tools: [
      {
        functionDeclarations: [
          {
            name: 'weather',
            description: 'Tells the weather.',
            parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } } },
          },
        ],
      },
    ],
  });
});

test('a plain request has no settings', () => {
  const defaults = { stream: false, n: 1, store: false, logprobs: false, presence_penalty: 0 };
  expect(translate({ ...defaults, parallel_tool_calls: true, response_format: null })).toEqual({
    contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
  });
});

test('a PDF, and what Gemini fetches', () => {
  const content = [
    {
      type: 'file',
      file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' },
    },
    { type: 'file', file: { file_data: 'https://example.com/b.pdf?sign=1' } },
    { type: 'image_url', image_url: { url: 'https://example.com/c.JPG' } },
  ];
  const { contents } = translate({ messages: [{ role: 'user', content }] });
  expect(contents).toEqual([
    {
      role: 'user',
      parts: [
        { inlineData: { mimeType: 'application/pdf', data: 'JVBERi0=' } },
        { fileData: { mimeType: 'application/pdf', fileUri: 'https://example.com/b.pdf?sign=1' } },
        { fileData: { mimeType: 'image/jpeg', fileUri: 'https://example.com/c.JPG' } },
      ],
    },
  ]);
});

test.each([
  [
    'an image without an ending',
    { type: 'image_url', image_url: { url: 'https://example.com/secret' } },
    /image_url\.url .*\.png, \.jpg/,
  ],
  [
    'an image that is a PDF',
    { type: 'image_url', image_url: { url: 'https://example.com/secret.pdf' } },
    /image_url\.url .*\.png/,
  ],
  [
    'a file that is no PDF',
    { type: 'file', file: { file_data: 'https://example.com/secret.txt' } },
    /file_data .*\.pdf/,
  ],
])('%s is refused, and not quoted', (_name, part, message) => {
  const call = () => translate({ messages: [{ role: 'user', content: [part] }] });
  expect(call).toThrow(message);
  expect(call).not.toThrow('secret');
});
