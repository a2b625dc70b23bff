import { describe, expect, it } from 'vitest';
import { atLeast, atMost, type Figure, isReached } from '../../bench/harness/figures.ts';
import { amountOf } from '../../bench/report/charts.ts';
import { jsonLine, markdownTable, textTable } from '../../bench/report/page.ts';

const FIGURE: Figure = { name: 'merge-rate', what: 'merge', value: 123.456, unit: 'MB/s' };

describe('a goal', () => {
  it.each([
    [1.25, atMost(1.25), true],
    [1.26, atMost(1.25), false],
    [80, atLeast(80), true],
    [79.9, atLeast(80), false],
    [1, undefined, null],
  ])('%d, %j: %j', (value, goal, expected) => {
    expect(isReached({ value, goal })).toBe(expected);
  });
});

describe('a line of JSON', () => {
  it('has null for a goal that a figure does not have', () => {
    expect(jsonLine(FIGURE)).toBe(
      '{"name":"merge-rate","value":123.5,"unit":"MB/s","goal":null,"ok":null}\n',
    );
  });

  it('says whether the goal is reached by the exact value', () => {
    const figure = { ...FIGURE, value: 1.25001, goal: atMost(1.25) };
    expect(JSON.parse(jsonLine(figure))).toMatchObject({ value: 1.25, goal: 1.25, ok: false });
  });
});

describe('a table', () => {
  it('rounds amounts to three digits', () => {
    const amounts = [12345.6, 123.4, 12.34, 1.234].map((value) => amountOf({ value, unit: 'ms' }));
    expect(amounts).toEqual(['12,346 ms', '123 ms', '12.3 ms', '1.23 ms']);
    expect(amountOf({ value: 21.519, unit: '$' })).toBe('$21.52');
  });

  it('marks missed goals', () => {
    const missed = { ...FIGURE, goal: atLeast(200) };
    expect(textTable('Merge', [missed])).toMatch(/merge +123 MB\/s +MISSED: ≥ 200 MB\/s/);
    expect(markdownTable('Merge', [missed])).toContain(
      '| merge | 123 MB/s | ≥ 200 MB/s | **missed** |',
    );
  });

  it('marks physical limits', () => {
    const table = markdownTable('Merge', [{ ...FIGURE, isLimit: true }]);
    expect(table).toContain('| merge | 123 MB/s |  | physical limit |');
  });
});
