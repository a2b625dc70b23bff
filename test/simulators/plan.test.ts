import { expect, test } from 'vitest';
import { parsePlan, wordAt } from '../../simulators/engine/plan.ts';

test('a plan is words in order, the last of which repeats', () => {
  const plan = parsePlan('failed_quota, expired,completed');
  expect([0, 1, 2, 3, 99].map((position) => wordAt(plan, position))).toEqual([
    'failed_quota',
    'expired',
    'completed',
    'completed',
    'completed',
  ]);
});

test.each(['completed,explode', 'explode', ''])('"%s" is refused by its wrong word', (text) => {
  const word = text.split(',').at(-1);
  expect(() => parsePlan(text)).toThrow(
    `the word "${word}" is not known, use completed, partial, failed_quota, failed_invalid, all_errors, expired, cancelled, stuck, lost_reply`,
  );
});
