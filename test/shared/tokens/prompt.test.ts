import { describe, expect, it } from 'vitest';
import { walkPrompt } from '../../../shared/tokens/prompt.ts';

type Body = Readonly<Record<string, unknown>>;

function visited(body: Body): { texts: string[]; fixed: number; schemas: number } {
  const found = { texts: [] as string[], fixed: 0, schemas: 0 };
  walkPrompt(body, {
    text: (text) => found.texts.push(text),
    fixed: (tokens) => {
      found.fixed += tokens;
    },
    schemas: (schemas) => {
      found.schemas += schemas.length;
    },
  });
  return found;
}

const base64 = Buffer.alloc(3999).toString('base64');

describe('walkPrompt', () => {
  it.each<[string, Body, ReturnType<typeof visited>]>([
    [
      'chat: 4 tokens a message and 3 for the reply',
      {
        model: 'gpt-4o',
        user: 'u-1',
        messages: [
          { role: 'system', content: 'a' },
          { role: 'user', content: [{ type: 'text', text: 'b' }] },
        ],
      },
      { texts: ['a', 'b'], fixed: 11, schemas: 0 },
    ],
    [
      'images to be edited, which may be ids of files',
      { model: 'gpt-image-1', prompt: 'a', images: [{ file_id: 'f' }, { image_url: 'https://b' }] },
      { texts: ['a', 'https://b'], fixed: 0, schemas: 0 },
    ],
    [
      'calls of functions and their results',
      {
        messages: [
          {
            role: 'assistant',
            content: null,
            tool_calls: [{ id: '1', type: 'function', function: { name: 'f', arguments: '{}' } }],
          },
          { role: 'tool', tool_call_id: '1', content: 'c' },
        ],
      },
      { texts: ['f', '{}', 'c'], fixed: 11, schemas: 0 },
    ],
    [
      'responses',
      {
        instructions: 'a',
        input: [{ role: 'user', content: [{ type: 'input_text', text: 'b' }] }],
        text: { format: { type: 'json_schema', name: 'n', schema: {} } },
      },
      { texts: ['a', 'b'], fixed: 4, schemas: 1 },
    ],
    ['texts to embed', { input: ['a', 'b'] }, { texts: ['a', 'b'], fixed: 0, schemas: 0 }],
    ['tokens to embed', { input: [[1, 2, 3], [4]] }, { texts: [], fixed: 4, schemas: 0 }],
    ['tokens as a prompt', { prompt: [7, 8] }, { texts: [], fixed: 2, schemas: 0 }],
    [
      'tools and a response format',
      { messages: [], tools: [{}, {}], response_format: { type: 'json_schema' } },
      { texts: [], fixed: 3, schemas: 3 },
    ],
    [
      "Anthropic's own form",
      {
        system: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }],
        messages: [{ role: 'user', content: [{ type: 'text', text: 'b' }] }],
      },
      { texts: ['a', 'b'], fixed: 7, schemas: 0 },
    ],
    [
      "Gemini's own form",
      {
        systemInstruction: { parts: [{ text: 'a' }] },
        contents: [{ role: 'user', parts: [{ text: 'b' }] }],
      },
      { texts: ['a', 'b'], fixed: 7, schemas: 0 },
    ],
  ])('finds what becomes tokens: %s', (_, body, expected) => {
    expect(visited(body)).toEqual(expected);
  });

  it.each([
    ['image_url', { type: 'image_url', image_url: { url: `data:image/png;base64,${base64}` } }],
    ['input_image', { type: 'input_image', image_url: `data:image/png;base64,${base64}` }],
    ['a remote image', { type: 'image_url', image_url: { url: 'https://example.com/a.png' } }],
    ['Anthropic', { type: 'image', source: { type: 'base64', data: base64 } }],
    ['Gemini', { inlineData: { mimeType: 'image/png', data: base64 } }],
    ['Bedrock', { image: { format: 'png', source: { bytes: base64 } } }],
    ['a data URL elsewhere', { picture: `data:image/png;base64,${base64}` }],
  ])('takes an image of unknown size for one of 1024 pixels: %s', (_, part) => {
    const messages = [{ role: 'user', content: [part] }];
    expect(visited({ model: 'gpt-4o', messages })).toEqual({
      texts: [],
      fixed: 765 + 7,
      schemas: 0,
    });
  });

  it.each([
    ['audio', { type: 'input_audio', input_audio: { data: base64, format: 'mp3' } }, 5],
    ['a file', { type: 'file', file: { file_data: `data:application/pdf;base64,${base64}` } }, 160],
    ['a file elsewhere', { type: 'input_file', file_id: 'file-1' }, 2000],
    ['a document', { type: 'document', source: { type: 'base64', data: base64 } }, 160],
    ['a file by URL', { type: 'file', file: { file_data: 'https://example.com/a.pdf' } }, 2_000],
    [
      'a document by URL',
      { type: 'document', source: { type: 'url', url: 'https://a.example/b.pdf' } },
      2_000,
    ],
    ['a PDF', { inlineData: { mimeType: 'application/pdf', data: base64 } }, 160],
  ])('never counts base64 as text: %s', (_, part, tokens) => {
    expect(visited({ input: [part] })).toEqual({ texts: [], fixed: tokens, schemas: 0 });
  });
});
