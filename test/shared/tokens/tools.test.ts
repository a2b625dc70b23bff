import { expect, it } from 'vitest';
import { schemaTokens } from '../../../shared/tokens/prompt.ts';
import { loadTokenizer } from '../../../shared/tokens/text.ts';

const parameters = {
  type: 'object',
  properties: {
    location: { type: 'string', description: 'The city and state, e.g. San Francisco, CA' },
    unit: { type: 'string', description: 'The unit of temperature', enum: ['celsius', 'kelvin'] },
  },
};
const definition = {
  name: 'get_current_weather',
  description: 'Get the current weather in a given location',
};

it.each([
  ['a function of chat', { type: 'function', function: { ...definition, parameters } }],
  ['a function of responses', { type: 'function', ...definition, parameters }],
  ['Anthropic', { ...definition, input_schema: parameters }],
  ['Gemini', { functionDeclarations: [{ ...definition, parameters }] }],
  ['a response format', { json_schema: { ...definition, schema: parameters } }],
])('counts %s by its names, types, descriptions and values', async (_, schema) => {
  const count = await loadTokenizer();
  const words = [
    'get_current_weather:Get the current weather in a given location',
    'location:string:The city and state, e.g. San Francisco, CA',
    'unit:string:The unit of temperature',
    'celsius',
    'kelvin',
  ];

  expect(schemaTokens(schema, count)).toBe(count(words.join('\n')) + 19 + 2 * 3 + 2 * 3);
});

it('reads schemas within schemas', async () => {
  const count = await loadTokenizer();
  const flat = { parameters: { properties: { a: { type: 'string' } } } };
  const deep = { parameters: { items: { anyOf: [{ properties: { a: { type: 'string' } } }] } } };

  expect(schemaTokens(deep, count)).toBe(schemaTokens(flat, count));
});
