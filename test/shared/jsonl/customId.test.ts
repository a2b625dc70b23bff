import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { customIdOf, leadingCustomId, withOneId } from '../../../shared/jsonl/lines.ts';

it.each([
  ['first', '{"custom_id":"a","body":{}}', 'a'],
  ['after the id of a row', '{"id":"r","custom_id":"a b"}', 'a b'],
  ['after a null', '{"id":null,"custom_id":"a"}', 'a'],
  ['with spaces, as Python writes it', '{ "custom_id" : "a", "method": "POST"}', 'a'],
  ['behind something else', '{"url":"/v1","custom_id":"a"}', undefined],
  ['within something else', '{"body":{"custom_id":"a"}}', undefined],
  ['spelt with an escape', '{"custom_id":"\\u0061"}', undefined],
  ['beyond Latin', '{"custom_id":"模型"}', undefined],
  ['no text', '{"custom_id":5}', undefined],
])('a custom_id that is %s', (_, line, expected) => {
  expect(leadingCustomId(Buffer.from(line))).toBe(expected);
});

it('is the one that JSON.parse finds, at any position and with any escapes', () => {
  const other = fc.constantFrom('id', 'response', 'custom', 'body');
  fc.assert(
    fc.property(fc.dictionary(other, fc.json()), fc.string(), fc.boolean(), (fields, id, first) => {
      const row = first ? { custom_id: id, ...fields } : { ...fields, custom_id: id };
      expect(customIdOf(Buffer.from(JSON.stringify(row)))).toBe(id);
    }),
  );
});

it('a row that begins with an id that JSON overrides is rewritten', () => {
  const twice = Buffer.from('{"custom_id":"a","custom_id":"b","n":1}');
  const once = withOneId(twice, JSON.parse(twice.toString()));
  expect(Buffer.from(once).toString()).toBe('{"custom_id":"b","n":1}');
  const fine = Buffer.from('{"custom_id":"b"}');
  expect(withOneId(fine, { custom_id: 'b' })).toBe(fine);
});

it('throws for a line that was cut off, although it begins with an id', () => {
  expect(() => customIdOf(Buffer.from('{"custom_id":"a","response":"secr'))).toThrow('not JSON');
});
