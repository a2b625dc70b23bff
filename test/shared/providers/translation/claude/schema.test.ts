import { expect, test } from 'vitest';
import { claudeSchema } from '../../../../../shared/providers/translation/claudeSchema.ts';

const PLACE = 'body.response_format.json_schema.schema';
const translate = (schema: Record<string, unknown>) => claudeSchema(schema, PLACE, 'Anthropic');

/** As Pydantic writes a model with nested models, an enum, an optional field and bounds. */
const ORDER = {
  $defs: {
    Colour: { enum: ['red', 'blue'], title: 'Colour', type: 'string' },
    Item: {
      properties: {
        name: { maxLength: 20, title: 'Name', type: 'string' },
        colour: { anyOf: [{ $ref: '#/$defs/Colour' }, { type: 'null' }], default: null },
        count: { exclusiveMinimum: 0, title: 'Count', type: 'integer' },
      },
      required: ['name', 'count'],
      title: 'Item',
      type: 'object',
    },
  },
  properties: {
    items: { items: { $ref: '#/$defs/Item' }, minItems: 2, title: 'Items', type: 'array' },
    first: { $ref: '#/$defs/Item' },
  },
  required: ['items'],
  title: 'Order',
  type: 'object',
};

test('nested definitions keep their structure, and bounds become descriptions', () => {
  expect(translate(ORDER)).toEqual({
    $defs: {
      Colour: { enum: ['red', 'blue'], title: 'Colour' },
      Item: {
        type: 'object',
        title: 'Item',
        properties: {
          name: { type: 'string', title: 'Name', description: '{maxLength: 20}' },
          colour: {
            anyOf: [{ $ref: '#/$defs/Colour' }, { type: 'null' }],
            description: '{default: null}',
          },
          count: { type: 'integer', title: 'Count', description: '{exclusiveMinimum: 0}' },
        },
        required: ['name', 'count'],
        additionalProperties: false,
      },
    },
    type: 'object',
    title: 'Order',
    properties: {
      items: {
        type: 'array',
        title: 'Items',
        items: { $ref: '#/$defs/Item' },
        description: '{minItems: 2}',
      },
      first: { $ref: '#/$defs/Item' },
    },
    required: ['items'],
    additionalProperties: false,
  });
});

test('the definitions of older drafts are those that references name', () => {
  expect(
    translate({
      $schema: 'http://json-schema.org/draft-07/schema#',
      definitions: { Item: { type: 'string' } },
      type: 'object',
      properties: { item: { $ref: '#/definitions/Item' } },
    }),
  ).toEqual({
    $defs: { Item: { type: 'string' } },
    type: 'object',
    properties: { item: { $ref: '#/$defs/Item' } },
    additionalProperties: false,
  });
});

test('an object that may be null keeps its properties', () => {
  const properties = { a: { type: ['string', 'null'] } };
  expect(translate({ type: ['object', 'null'], description: 'It.', properties })).toEqual({
    description: 'It.',
    anyOf: [{ type: 'object', properties, additionalProperties: false }, { type: 'null' }],
  });
});

test('one of several schemas is any of them', () => {
  expect(translate({ oneOf: [{ type: 'string' }, { type: 'integer' }] })).toEqual({
    anyOf: [{ type: 'string' }, { type: 'integer' }],
  });
});

test.each([
  ['a map with any keys', { type: 'object', additionalProperties: { type: 'integer' } }, ''],
  [
    'such a map inside',
    {
      type: 'object',
      properties: { counts: { anyOf: [{ type: 'object', additionalProperties: true }] } },
    },
    '.properties.counts.anyOf[0]',
  ],
])('%s is refused, because it would become one without keys', (_name, schema, at) => {
  expect(() => translate(schema)).toThrow(
    `${PLACE}${at}.additionalProperties cannot be expressed for Anthropic: name the keys in properties`,
  );
});

test('a part without a type is refused', () => {
  expect(() => translate({ type: 'object', properties: { a: { title: 'Any' } } })).toThrow(
    `${PLACE}.properties.a cannot be expressed for Anthropic: say its type`,
  );
  expect(() => translate({})).toThrow(`${PLACE} cannot be expressed`);
});
