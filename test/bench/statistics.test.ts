import { describe, expect, it } from 'vitest';
import {
  atLeast,
  atMost,
  isReached,
  median,
  medianRatio,
  repeat,
  shareFigures,
  timesFigures,
} from '../../bench/harness/figures.ts';

describe('median', () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2.5],
    [[10, 9, 100, 1, 2], 9],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it('does not reorder its argument', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('throws without values', () => {
    expect(() => median([])).toThrow('no values');
  });
});

it('takes the median of ratios, not the ratio of medians', () => {
  const slowed = [10, 20] as const;
  expect(medianRatio([[1, 2], [1, 4], slowed])).toBe(0.5);
  expect(
    medianRatio([
      [1, 4],
      [8, 2],
      [3, 3],
    ]),
  ).toBe(1);
});

describe('a comparison with a limit', () => {
  const limit = { milliseconds: 100, cpuMilliseconds: 60 };
  const measured = { milliseconds: 200, cpuMilliseconds: 240 };

  it('is made by CPU time, which its goal is for, and by the clock', () => {
    const [cpu, elapsed] = shareFigures('a', 'a', [[limit, measured]], atLeast(50));
    expect(cpu).toMatchObject({ name: 'a', value: 25 });
    expect(cpu && isReached(cpu)).toBe(false);
    expect(elapsed).toMatchObject({ name: 'a-elapsed', value: 50 });
    expect(elapsed && isReached(elapsed)).toBeNull();
  });

  it('says how many times as much it takes', () => {
    const [cpu, elapsed] = timesFigures('a', 'a', [[limit, measured]], atMost(3));
    expect([cpu?.value, elapsed?.value]).toEqual([4, 2]);
    expect(cpu && isReached(cpu)).toBe(false);
  });
});

it('measures one after the other', async () => {
  let running = 0;
  const results = await repeat(async () => {
    running += 1;
    await Promise.resolve();
    return running--;
  }, 3);
  expect(results).toEqual([1, 1, 1]);
});
