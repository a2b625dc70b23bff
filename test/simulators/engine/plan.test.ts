import { expect, test } from 'vitest';
import { outcomeAt, parsePlan } from '../../../simulators/engine/plan.ts';

test('a plan is outcomes in order, the last of which repeats', () => {
  const plan = parsePlan('failed_quota, expired,completed');
  expect([0, 1, 2, 3, 99].map((position) => outcomeAt(plan, position))).toEqual([
    'failed_quota',
    'expired',
    'completed',
    'completed',
    'completed',
  ]);
});

test.each(['completed,explode', 'explode', ''])(
  '"%s" is refused with its unknown outcome',
  (text) => {
    const outcome = text.split(',').at(-1);
    expect(() => parsePlan(text)).toThrow(
      `unknown outcome "${outcome}", use completed, partial, failed_quota, failed_invalid, all_errors, expired, cancelled, stuck, lost_reply`,
    );
  },
);
