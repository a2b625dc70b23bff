import { expect, test } from 'vitest';
import { claudeModelFacts } from '../../../shared/providers/translation/claudeModels.ts';
import { claudeSchema } from '../../../shared/providers/translation/claudeSchema.ts';
import { problemOf } from '../../../simulators/anthropic/params.ts';
import { request, requests, world } from './world.ts';

const USER = { role: 'user', content: 'Hi' };
const problem = (params: object, model = 'claude-haiku-4-5') =>
  problemOf({ model, max_tokens: 9, messages: [USER], ...params }, model);
const format = (schema: object) => ({ output_config: { format: { type: 'json_schema', schema } } });
const content = (...blocks: object[]) => ({ messages: [{ role: 'user', content: blocks }] });
const BOUNDED = {
  type: 'object',
  properties: { n: { type: 'integer', minimum: 1 }, tags: { type: 'array', minItems: 3 } },
};

test.each<[string, object, string, string?]>([
  ['no limit', { max_tokens: undefined }, 'max_tokens: Field required'],
  ['a field of OpenAI', { seed: 1 }, 'seed: Extra inputs are not permitted'],
  ['effort', { output_config: { effort: 'low' } }, 'does not support the effort parameter'],
  [
    'the highest effort',
    { output_config: { effort: 'xhigh' } },
    'supports low, medium, high, max',
    'claude-opus-4-6',
  ],
  [
    'a prefilled answer',
    { messages: [USER, { role: 'assistant', content: '{' }] },
    'does not support assistant message prefill',
    'us.anthropic.claude-opus-4-6-v1',
  ],
  ['sampling', { temperature: 0 }, '`temperature` is deprecated', 'claude-sonnet-5'],
  ['two ways to sample', { temperature: 0, top_p: 1 }, 'cannot both be specified'],
  ['an empty text', content({ type: 'text', text: ' ' }), 'must be non-empty'],
  [
    'another image',
    content({ type: 'image', source: { type: 'base64', media_type: 'image/tiff', data: 'A' } }),
    'messages.0.content.0.source.media_type',
  ],
  [
    'five marks of the cache',
    content(
      ...Array.from({ length: 5 }, () => ({
        type: 'text',
        text: 'Hi',
        cache_control: { type: 'ephemeral' },
      })),
    ),
    'A maximum of 4 blocks with cache_control may be provided. Found 5.',
  ],
  [
    'an open object',
    format({ type: 'object' }),
    "output_config.format.schema: For 'object' type, 'additionalProperties' must be",
  ],
  [
    'a bound',
    format({ type: 'integer', minimum: 1 }),
    "For 'integer' type, property 'minimum' is not supported",
  ],
  ['a schema', format({ type: 'integer' }), 'not supported by this model', 'claude-opus-4-1'],
  [
    'a strict tool with an open object',
    { tools: [{ name: 'x', strict: true, input_schema: { type: 'object' } }] },
    "tools.0.custom: For 'object' type",
  ],
  [
    'a choice at the top of a tool',
    { tools: [{ name: 'x', input_schema: { type: 'object', oneOf: [] } }] },
    'input_schema does not support oneOf',
  ],
])('%s is refused', (_name, params, message, model) => {
  expect(problem(params, model)).toContain(message);
});

test('what the handler makes of a bounded schema is taken', () => {
  expect(problem(format(BOUNDED))).toBeDefined();
  expect(problem(format(claudeSchema(BOUNDED, 'body', 'Anthropic')))).toBeUndefined();
});

test.each([
  'claude-3-haiku-20240307',
  'claude-sonnet-4-20250514',
  'claude-opus-4-1-20250805',
  'claude-haiku-4-5-20251001',
  'claude-sonnet-4-5@20250929',
  'us.anthropic.claude-opus-4-5-20251101-v1:0',
  'claude-opus-4-6',
  'claude-sonnet-4-6',
  'claude-opus-4-7',
  'claude-mythos-preview',
  'claude-sonnet-5-5',
])('of %s, simulator and handler know the same', (model) => {
  const facts = claudeModelFacts(model);
  const takes = (params: object) => problem(params, model) === undefined;
  const efforts = ['low', 'medium', 'high', 'xhigh', 'max'];
  expect(efforts.filter((effort) => takes({ output_config: { effort } }))).toEqual(
    facts.reasoningEfforts,
  );
  expect(takes({ temperature: 0 })).toBe(facts.sampling);
  expect(takes({ messages: [USER, { role: 'assistant', content: '{' }] })).toBe(facts.prefill);
  expect(takes(format({ type: 'integer' }))).toBe(facts.schemas);
});

test('a refused request is an errored row, and the others are answered', async () => {
  const { create, end, results } = await world();
  const refused = request('refused', { output_config: { effort: 'low' } });
  const { id } = await create([...requests(2), refused]);
  expect((await end(id)).request_counts).toMatchObject({ succeeded: 2, errored: 1 });
  expect(await results(id)).toContainEqual({
    custom_id: 'refused',
    result: {
      type: 'errored',
      error: expect.objectContaining({
        error: {
          type: 'invalid_request_error',
          message: 'This model does not support the effort parameter.',
        },
      }),
    },
  });
});
