import { expect, it } from 'vitest';
import { inputOf } from '../../../local/events/rules.ts';
import { targetInputSchema } from '../../../local/template/schemas.ts';

const EVENT = { source: 's', detail: { key: 'a "b"\n<c>', size: 2, list: [{ n: 1 }] } };
const RULE = { name: 'mine', arn: 'arn:mine' };
const input = (target: object) => inputOf(targetInputSchema.parse(target), EVENT, RULE);

it('is the event, a part of it, or a constant', () => {
  expect(JSON.parse(input({}))).toEqual(EVENT);
  expect(input({ InputPath: '$.detail.list[0]' })).toBe('{"n":1}');
  expect(input({ Input: '{"a":"<b>"}' })).toBe('{"a":"<b>"}');
});

it('is made by a template, as JSON whatever the values hold', () => {
  const InputTransformer = {
    InputPathsMap: { key: '$.detail.key', size: '$.detail.size', gone: '$.detail.gone.deeper' },
    InputTemplate:
      '{"key":<key>,"size":<size>,"text":"<key> of <size><gone>","rule":<aws.events.rule-name>}',
  };
  expect(JSON.parse(input({ InputTransformer }))).toEqual({
    key: EVENT.detail.key,
    size: 2,
    text: `${EVENT.detail.key} of 2`,
    rule: 'mine',
  });
});

it('names a path that is not supported', () => {
  expect(() => targetInputSchema.parse({ InputPath: '$..key' })).toThrow(
    'write it like $.detail.name',
  );
});
