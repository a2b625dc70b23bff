import { describe, expect, test } from 'vitest';
import { describeVertex } from '../../../../shared/providers/vertex/description.ts';
import { ImportedFile, importableRequest } from '../../../../shared/providers/vertex/gcsImport.ts';
import { BIGQUERY, vertexSettings } from './world.ts';

const TEXT = { contents: [{ role: 'user', parts: [{ text: 'Say a word.' }] }] };
const SCHEMA = { type: 'object', properties: { word: { type: 'string' } }, required: ['word'] };
const asJson = (schema: object) => ({
  ...TEXT,
  generationConfig: { responseMimeType: 'application/json', responseJsonSchema: schema },
});
const calling = (args: object) => ({
  contents: [
    ...TEXT.contents,
    { role: 'model', parts: [{ functionCall: { name: 'look', args } }] },
  ],
});

function add(...requests: object[]) {
  const file = new ImportedFile();
  for (const [index, request] of requests.entries())
    file.add(importableRequest({ ...request }), index + 1);
}

describe('requests of one file', () => {
  test('may differ in fields of the API, and in the order of their keys', () => {
    const image = { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } };
    const system = { ...TEXT, systemInstruction: { parts: [{ text: 'Be short.' }] } };
    const seen = { contents: [{ parts: [image, { text: 'What is it?' }], role: 'user' }] };
    expect(() => add(TEXT, system, seen, { ...TEXT, generationConfig: { seed: 1 } })).not.toThrow();
  });

  test.each<[string, object[], RegExp]>([
    [
      'a schema and none',
      [asJson(SCHEMA), TEXT],
      /responseJsonSchema is missing, and line 1 has it/,
    ],
    ['none and a schema', [TEXT, asJson(SCHEMA)], /responseJsonSchema is there, and not in/],
    [
      'two schemas',
      [asJson(SCHEMA), asJson({ ...SCHEMA, properties: { other: { type: 'string' } } })],
      /responseJsonSchema\.properties\.other is there, and not in line 1/,
    ],
    [
      'two types',
      [calling({ at: 1 }), calling({ at: 'here' })],
      /args\.at is a text, and a number on/,
    ],
    [
      'a list and none',
      [calling({ at: [1] }), calling({ at: 1 })],
      /args\.at is no list, and one on/,
    ],
    [
      'names of another case',
      [calling({ at: 1 }), calling({ At: 1 })],
      /args\.At is there, and not/,
    ],
    [
      'other arguments',
      [calling({ at: 1 }), calling({ to: 1 })],
      /args\.to is there, and not in line/,
    ],
  ])('may not have %s', (_, requests, message) => {
    expect(() => add(...requests)).toThrow(message);
    // Each by itself is well.
    for (const request of requests) expect(() => add(request)).not.toThrow();
  });
});

describe('a request by itself', () => {
  test.each<[string, object, RegExp]>([
    ['a name with a space', calling({ 'a b': 1 }), /args\.a b is no name of a column/],
    ['a list in a list', calling({ at: [[1]] }), /args\.at contains a list in a list/],
    ['null in a list', calling({ at: [null] }), /args\.at contains null/],
    ['types in one list', calling({ at: [1, 'a'] }), /args\.at is a text, and a number/],
    [
      'a number as its only stop',
      { ...TEXT, generationConfig: { stopSequences: ['7'] } },
      /stopSequences has only texts that read as a number/,
    ],
    [
      'a number as its only text',
      { contents: [{ role: 'user', parts: [{ text: '42' }] }] },
      /contents\.parts\.text has only texts/,
    ],
    [
      'a tool without settings',
      { ...TEXT, tools: [{ googleSearch: {} }] },
      /tools\.googleSearch is an empty object/,
    ],
    [
      'a schema that contains itself',
      asJson({ $defs: { a: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' }),
      /has a \$ref to itself/,
    ],
    ['null in an enum', asJson({ enum: ['a', null] }), /has null in an enum/],
  ])('is refused with %s', (_, request, message) => {
    expect(() => add(request)).toThrow(message);
    expect(() => add(request)).toThrow(/BigQuery store/);
  });

  test('is refused over 15 levels deep', () => {
    let schema: object = { type: 'string' };
    for (let level = 0; level < 7; level++) schema = { properties: { in: schema } };
    expect(() => add(asJson(schema))).toThrow(/is over 15 levels deep/);
  });

  test('loses what changes nothing', () => {
    const { generationConfig, contents } = importableRequest({
      ...calling({}),
      generationConfig: {
        seed: null,
        thinkingConfig: {},
        responseJsonSchema: {
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          $defs: { Word: { type: 'string', default: null } },
          type: 'object',
          properties: {
            word: { $ref: '#/$defs/Word', description: 'A word.' },
            perhaps: { anyOf: [{ type: 'integer' }, { type: 'null' }], default: null },
            anything: {},
          },
        },
      },
    });
    expect(generationConfig).toEqual({
      responseJsonSchema: {
        type: 'object',
        properties: {
          word: { type: 'string', description: 'A word.' },
          perhaps: { type: ['integer', 'null'] },
          anything: true,
        },
      },
    });
    expect(contents).toMatchObject([{}, { parts: [{ functionCall: { name: 'look' } }] }]);
    expect(JSON.stringify(contents)).not.toContain('args');
  });
});

test('an optional model, as Pydantic writes it, is an object or null', () => {
  const Address = {
    title: 'Address',
    type: 'object',
    properties: { zip: { anyOf: [{ type: 'string' }, { type: 'null' }], title: 'Zip' } },
    required: ['zip'],
  };
  const home = { anyOf: [{ $ref: '#/$defs/Address' }, { type: 'null' }], default: null };
  const request = asJson({ $defs: { Address }, type: 'object', properties: { home } });
  expect(importableRequest(request).generationConfig).toMatchObject({
    responseJsonSchema: {
      properties: {
        home: {
          title: 'Address',
          type: ['object', 'null'],
          properties: { zip: { title: 'Zip', type: ['string', 'null'] } },
          required: ['zip'],
        },
      },
    },
  });
  expect(() => add(request)).not.toThrow();
});

describe('the inspection', () => {
  const request = (name: string, content: string, schema?: object) => ({
    customId: name,
    url: '/v1/chat/completions',
    model: 'gemini-2.5-flash',
    body: {
      model: 'gemini-2.5-flash',
      messages: [{ role: 'user', content }],
      ...(schema
        ? { response_format: { type: 'json_schema', json_schema: { name: 'a', schema } } }
        : {}),
    },
  });

  test('refuses a line that does not fit the lines before, in Cloud Storage only', async () => {
    const inBucket = (await describeVertex(vertexSettings())).checkFile?.('openai');
    inBucket?.(request('a', 'Hello.', SCHEMA), 1);
    expect(() => inBucket?.(request('b', 'Hello.'), 2)).toThrow(/missing, and line 1 has it/);
    const settings = vertexSettings({ store: BIGQUERY });
    const inTable = (await describeVertex(settings)).checkFile?.('openai');
    inTable?.(request('a', '42', SCHEMA), 1);
    expect(() => inTable?.(request('b', 'Hello.'), 2)).not.toThrow();
  });

  test('leaves the files of Claude, whose lines are read one by one', async () => {
    const check = (await describeVertex(vertexSettings())).checkFile?.('native');
    const claude = (name: string, body: object) => ({
      customId: name,
      url: '/v1/chat/completions',
      model: 'claude-haiku-4-5',
      body: { model: 'claude-haiku-4-5', max_tokens: 5, messages: [], ...body },
    });
    check?.(claude('a', { metadata: {} }), 1);
    expect(() => check?.(claude('b', { metadata: 'a' }), 2)).not.toThrow();
  });
});
