import { describe, expect, it } from 'vitest';
import { median, medianRatio, repeat } from '../../bench/harness/figures.ts';

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

it('measures one after the other', async () => {
  let running = 0;
  const results = await repeat(async () => {
    running += 1;
    await Promise.resolve();
    return running--;
  }, 3);
  expect(results).toEqual([1, 1, 1]);
});
