import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_NESTING,
  MAX_VALUES,
  notBeforeProblem,
  saturated,
  textProblem,
  valueProblem,
} from '../../../shared/batch/bounds.ts';
import { costOf, sumCost } from '../../../shared/batch/cost.ts';
import { NO_USAGE, sumUsage, type Usage, usageSchema } from '../../../shared/batch/job.ts';
import { addMessageSchema } from '../../../shared/batch/messages.ts';

const nested = (levels: number): unknown => (levels === 0 ? 1 : { in: [nested(levels - 1)] });

describe('a text of JSON', () => {
  const list = (unit: string, count: number) => `[${`${unit},`.repeat(count)}1]`;

  it('has as many values as the bound, and no more', () => {
    expect(textProblem(list('1', MAX_VALUES - 2))).toBeUndefined();
    expect(textProblem(list('1', MAX_VALUES - 1))?.code).toBe('too_many_values');
    expect(textProblem('['.repeat(MAX_VALUES + 1))?.code).toBe('too_many_values');
  });
  it('may be one long string of anything, also if it does not end', () => {
    const prompt = 'say "[{,}]" and \\'.repeat(MAX_VALUES / 4);
    expect(textProblem(JSON.stringify({ prompt }))).toBeUndefined();
    expect(textProblem(`{"prompt":"${','.repeat(MAX_VALUES)}`)).toBeUndefined();
    expect(textProblem(`["\\\\"${list('{}', MAX_VALUES)}`)?.code).toBe('too_many_values');
  });
});

it.each([
  [undefined, true],
  [[{}], true],
  [[{}, 1], false],
  [[null], false],
  [[[]], false],
  [[], false],
  ['text', false],
])('requests in a message are objects: %j', (requests, isTaken) => {
  expect(addMessageSchema.safeParse({ requests }).success).toBe(isTaken);
});

describe('a value of JSON', () => {
  it('may nest as deep as the bound, and no deeper', () => {
    expect(valueProblem(nested(MAX_NESTING / 2))).toBeUndefined();
    expect(valueProblem([nested(MAX_NESTING / 2)])?.code).toBe('nested_too_deeply');
  });
  it('has no number that became infinite', () => {
    expect(valueProblem(JSON.parse('{"a":[1,"1e999"]}'))).toBeUndefined();
    expect(valueProblem(JSON.parse('{"a":[1,-1e999]}'))?.code).toBe('number_out_of_range');
  });
});

describe('sums', () => {
  const number = fc.oneof(fc.double(), fc.maxSafeNat(), fc.constant(Number.MAX_SAFE_INTEGER));
  it('stay what a record can hold', () => {
    expect(saturated(Number.NaN)).toBe(0);
    fc.assert(
      fc.property(number, (value) => {
        const sum = saturated(value);
        expect(sum).toBeGreaterThanOrEqual(0);
        expect(sum).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER);
      }),
    );
  });
  it('of usage can be read back, whatever providers report', () => {
    const tokens = fc.oneof(fc.maxSafeNat(), fc.constant(Number.MAX_SAFE_INTEGER));
    const usage: fc.Arbitrary<Usage> = fc.record({
      inputTokens: tokens,
      outputTokens: tokens,
      totalTokens: tokens,
      cachedTokens: tokens,
    });
    fc.assert(
      fc.property(fc.array(usage), (all) => {
        expect(usageSchema.safeParse(all.reduce(sumUsage, NO_USAGE)).success).toBe(true);
      }),
    );
  });
  it('of costs stay finite', () => {
    const price = { input: Number.MAX_VALUE, output: Number.MAX_VALUE };
    const cost = costOf({ inputTokens: 2, outputTokens: 2 }, price);
    expect(cost).toBe(Number.MAX_SAFE_INTEGER);
    expect(sumCost(cost, cost)).toBe(Number.MAX_SAFE_INTEGER);
  });
});

it.each([
  ['now', 0, undefined],
  ['in 30 days', 30, undefined],
  ['30 days ago', -30, undefined],
  ['in 31 days', 31, 'days ahead: send the message later'],
  ['31 days ago', -31, 'days ago: correct it'],
])('notBefore %s', (_, days, problem) => {
  const now = Date.UTC(2026, 0, 1);
  const text = new Date(now + days * 24 * 60 * 60 * 1000).toISOString();
  if (problem === undefined) expect(notBeforeProblem(text, now)).toBeUndefined();
  else expect(notBeforeProblem(text, now)).toContain(problem);
});
