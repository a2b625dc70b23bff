import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  costEnd,
  costOf,
  costOfPart,
  costRefusal,
  dearest,
  discounted,
  dollars,
  estimatedCostOfJob,
  expectedOfJob,
  type Price,
  priceIn,
  sumCost,
} from '../../../shared/batch/cost.ts';
import { spentToday, withSpent } from '../../../shared/quota/providerState.ts';
import { given, INPUT, NOW } from '../../support/given.ts';

const PRICE: Price = { input: 2, output: 8, cachedInput: 0.5 };
const money = fc.integer({ min: 0, max: 1_000_000_000 }).map((micros) => micros / 1e6);
const tokens = fc.integer({ min: 0, max: 1_000_000_000 });
const input = { ...INPUT, requests: 10, estimatedTokens: 1_000_000 };

describe('a price', () => {
  const prices = { 'gpt-x': PRICE, 'deployed-x': { input: 1, output: 1 } };
  const other = { input: 9, output: 9 };

  it.each<[string, readonly string[], Price | undefined]>([
    ['the name that requests use', ['gpt-x', 'deployed-x'], PRICE],
    ['the name of the provider', ['mine', 'deployed-x'], prices['deployed-x']],
    ['nothing that the table has', ['mine', 'theirs'], undefined],
    ['a name that every object has', ['constructor', 'toString'], undefined],
  ])('is found by %s', (_, names, found) => {
    expect(priceIn(prices, names)).toEqual(found);
  });

  it('of a model that the table does not name is that of `*`', () => {
    expect(priceIn({ ...prices, '*': other }, ['mine', 'theirs'])).toEqual(other);
    expect(priceIn({ ...prices, '*': other }, ['gpt-x'])).toEqual(PRICE);
  });

  it('is less for a batch, but not for input from the cache where that has its own discount', () => {
    const list = { ...PRICE, cacheWrite: 3 };
    expect(discounted(list, 0.5, false)).toEqual({
      ...{ input: 1, output: 4, cachedInput: 0.5, cacheWrite: 1.5 },
    });
    expect(discounted({ input: 2, output: 8 }, 0.5, false)).toEqual({ input: 1, output: 4 });
  });

  it('is less for a batch', () => {
    expect(discounted(PRICE, 0.5)).toEqual({ input: 1, output: 4, cachedInput: 0.25 });
    expect(discounted({ input: 2, output: 8 }, 0)).toEqual({ input: 2, output: 8 });
    expect(discounted({ input: 2, output: 8 }, 1)).toEqual({ input: 0, output: 0 });
  });
});

describe('a cost', () => {
  const used = (inputTokens: number, outputTokens: number, cachedTokens?: number) => ({
    ...{ inputTokens, outputTokens },
    ...(cachedTokens === undefined ? {} : { cachedTokens }),
  });

  it.each([
    ['input and output', used(1_000_000, 500_000), PRICE, 6],
    ['what was cached, which is input too', used(1_000_000, 0, 400_000), PRICE, 1.4],
    ['what was cached, at no price of its own', used(1e6, 0, 4e5), { input: 2, output: 8 }, 2],
    [
      'what was written to the cache, for either lifetime',
      { ...used(1e6, 0, 1e5), cacheWriteTokens: 4e5, longCacheWriteTokens: 1e5 },
      { ...PRICE, cacheWrite: 2.5, longCacheWrite: 4 },
      1 + 0.05 + 0.75 + 0.4,
    ],
    [
      'no more that was written than is left',
      { ...used(1e6, 0, 4e5), cacheWriteTokens: 9e9, longCacheWriteTokens: 9e9 },
      { ...PRICE, cacheWrite: 2.5 },
      0.2 + 1.5,
    ],
    ['no more that was cached than there is', used(1_000_000, 0, 9e9), PRICE, 0.5],
    ['nothing', used(0, 0), PRICE, 0],
  ])('is that of %s', (_, usage, price, cost) => {
    expect(costOf(usage, price)).toBeCloseTo(cost, 12);
  });

  it('is unknown without a price, which is not 0', () => {
    expect(costOf(used(1, 1), undefined)).toBeUndefined();
    expect(sumCost(1, undefined)).toBeUndefined();
    expect(sumCost(undefined, 1)).toBeUndefined();
    expect(sumCost(1, 2)).toBe(3);
  });

  it('adds up, whatever it is split into', () => {
    fc.assert(
      fc.property(tokens, tokens, tokens, tokens, money, money, (a, b, c, d, inPrice, outPrice) => {
        const price = { input: inPrice, output: outPrice };
        const whole = costOf(used(a + c, b + d), price);
        expect(costOf(used(a, b), price) + costOf(used(c, d), price)).toBeCloseTo(whole, 3);
        expect(whole).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('is shown rounded to a millionth of a dollar', () => {
    expect(dollars(0.1 + 0.2)).toBe('$0.3');
    expect(dollars(12)).toBe('$12');
    expect(dollars(0.0000014)).toBe('$0.000001');
  });
});

describe('an estimate', () => {
  it('uses the dearest of several entries, and is unknown if one has no price', () => {
    const usage = { inputTokens: 10, outputTokens: 0 };
    const cheap = { input: 1, output: 99 };
    expect(dearest([cheap, PRICE], usage)).toBe(PRICE);
    expect(dearest([PRICE, cheap], usage)).toBe(PRICE);
    expect(dearest([PRICE, undefined], usage)).toBeUndefined();
    expect(dearest([], usage)).toBeUndefined();
  });

  it('of a job is that of the requests in it', () => {
    const estimated = { ...input, maxOutputTokens: 500_000, estimatedCost: 6 };
    const whole = given('queued', { input: estimated });
    expect(expectedOfJob(whole)).toEqual({ inputTokens: 1_000_000, outputTokens: 500_000 });
    expect(estimatedCostOfJob(whole)).toBe(6);
    const counts = { total: 10, succeeded: 7, failed: 1, unfinished: 2 };
    const again = { ...whole, counts };
    expect(expectedOfJob(again)).toEqual({ inputTokens: 200_000, outputTokens: 100_000 });
    expect(estimatedCostOfJob(again)).toBeCloseTo(1.2, 12);
    expect(estimatedCostOfJob({ ...again, selection: 'unsucceeded' })).toBeCloseTo(1.8, 12);
  });

  it('of a batch that was not inspected is nothing', () => {
    const fresh = given('inspecting');
    expect(expectedOfJob(fresh)).toEqual({ inputTokens: 0, outputTokens: 0 });
    expect(estimatedCostOfJob(fresh)).toBeUndefined();
    expect(expectedOfJob({ ...fresh, input })).toMatchObject({ inputTokens: 1_000_000 });
  });
});

describe('maxCost', () => {
  it('refuses what is estimated to cost more, naming both figures', () => {
    expect(costRefusal(undefined, undefined, 'm')).toBeUndefined();
    expect(costRefusal(5, 5, 'm')).toBeUndefined();
    expect(costRefusal(5, 5.01, 'm')).toMatchObject({
      code: 'over_max_cost',
      message: expect.stringMatching(/\$5\.01.*\$5[^.]/),
    });
  });

  it('refuses what has no price', () => {
    expect(costRefusal(5, undefined, 'gpt-x')).toMatchObject({
      code: 'no_price',
      message: expect.stringContaining('"gpt-x"'),
    });
  });

  it('ends a batch whose next job would go over it', () => {
    const counts = { total: 10, succeeded: 5, failed: 0, unfinished: 5 };
    const batch = given('collecting', { input: { ...input, estimatedCost: 6 }, counts });
    const bounded = (maxCost: number) => ({ ...batch, spec: { ...batch.spec, maxCost } });
    expect(costEnd({ ...batch, cost: 3 })).toBeUndefined();
    expect(costEnd({ ...bounded(6), cost: 3 })).toBeUndefined();
    expect(costEnd({ ...bounded(5.9), cost: 3 })?.message).toMatch(/\$3,.*\$3,.*\$5\.9/);
    const { cost: _, ...unknown } = bounded(99);
    expect(costEnd(unknown)).toMatchObject({ code: 'max_cost' });
    expect(costEnd({ ...bounded(99), input, cost: 1 })).toMatchObject({ code: 'max_cost' });
  });

  it('is shared among the parts in proportion to their estimates, and the shares sum up to it', () => {
    const part = fc.record({
      requests: fc.integer({ min: 1, max: 9 }),
      input: tokens,
      output: tokens,
    });
    const parts = fc.array(part, { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(parts, money, money, money, (slices, inPrice, outPrice, spare) => {
        const price = { input: inPrice, output: outPrice };
        const sum = (of: (slice: (typeof slices)[number]) => number) =>
          slices.reduce((total, slice) => total + of(slice), 0);
        const estimatedTokens = sum((slice) => slice.input);
        const maxOutputTokens = sum((slice) => slice.output);
        const requests = sum((slice) => slice.requests);
        const estimatedCost = costOf(both(estimatedTokens, maxOutputTokens), price);
        const whole = {
          ...input,
          requests,
          estimatedTokens,
          maxOutputTokens,
          price,
          estimatedCost,
        };
        const maxCost = estimatedCost + spare;
        const shares = slices.map((slice) =>
          costOfPart(
            whole,
            {
              ...{ requests: slice.requests },
              ...{ estimatedTokens: slice.input, maxOutputTokens: slice.output },
            },
            maxCost,
          ),
        );
        const total = shares.reduce((all, share) => all + (share.maxCost ?? 0), 0);
        expect(Math.abs(total - maxCost)).toBeLessThanOrEqual(1e-9 * Math.max(1, maxCost));
        for (const { estimatedCost: estimate = 0, maxCost: most = 0 } of shares)
          expect(estimate).toBeLessThanOrEqual(most + 1e-9 * Math.max(1, most));
      }),
    );
  });

  it('is not set on the parts of a batch without it, nor is an estimate without a price', () => {
    const slice = { start: 0, end: 1, requests: 1, estimatedTokens: 500_000 };
    const priced = { ...input, price: PRICE, estimatedCost: 2 };
    expect(costOfPart(priced, slice, undefined)).toEqual({ estimatedCost: 1 });
    expect(costOfPart(priced, slice, 4)).toEqual({ estimatedCost: 1, maxCost: 2 });
    expect(costOfPart(input, slice, 4)).toEqual({});
    expect(costOfPart({ ...input, price: PRICE }, slice, 4)).toEqual({});
  });

  it('is shared by requests where nothing costs anything', () => {
    const slice = { start: 0, end: 1, requests: 4, estimatedTokens: 500_000 };
    const free = { ...input, price: { input: 0, output: 0 }, estimatedCost: 0 };
    expect(costOfPart(free, slice, 10)).toEqual({ estimatedCost: 0, maxCost: 4 });
  });
});

describe('what was spent', () => {
  it('is counted by the UTC day', () => {
    const day = 24 * 60 * 60 * 1000;
    const midnight = Math.ceil(NOW / day) * day;
    const state = { schemaVersion: 1 as const, provider: 'p', version: 1 };
    expect(spentToday(state, NOW)).toBe(0);
    const once = withSpent(state, 2, midnight - 1);
    expect(spentToday(withSpent(once, 3, midnight - 1), midnight - 1)).toBe(5);
    expect(spentToday(once, midnight)).toBe(0);
    expect(spentToday(withSpent(once, 3, midnight), midnight)).toBe(3);
  });
});

function both(inputTokens: number, outputTokens: number) {
  return { inputTokens, outputTokens };
}
