import { Match } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import { templateWith } from '../../support/handlerStack.ts';

function inputsWith(props: object): unknown[] {
  const schedules = templateWith(props).findResources('AWS::Scheduler::Schedule', Match.anyValue());
  return Object.entries(schedules)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([, { Properties: properties }]) => properties.Target.Input);
}

it('one shard has the one schedule that it always had', () => {
  expect(inputsWith({})).toHaveLength(1);
  expect(inputsWith({ shards: 1 })).toEqual(inputsWith({}));
});

it('each of several shards has a schedule of its own, beside that of what concerns all', () => {
  const inputs = inputsWith({ shards: 3 });
  expect(inputs.filter((input) => String(input).includes('shard'))).toEqual([
    '{"shard":0}',
    '{"shard":1}',
    '{"shard":2}',
  ]);
  expect(inputs).toHaveLength(4);
});

it('refuses a number of shards that leaves one without partitions', () => {
  for (const shards of [0, 1.5, 33]) expect(() => templateWith({ shards })).toThrow(/shards/);
});
