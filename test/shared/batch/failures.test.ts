import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type FailureGroup,
  FailureTally,
  failuresOf,
  sumFailures,
} from '../../../shared/batch/failures.ts';
import { failuresText } from '../../../shared/batch/failuresText.ts';
import { given, ROWS } from '../../support/given.ts';

function tallyOf(failures: readonly (readonly [code: string, status?: number])[]) {
  const tally = new FailureTally();
  for (const [index, [code, status]] of failures.entries())
    tally.add(status === undefined ? { code } : { code, status }, `r${index}`);
  return tally.groups();
}

describe('failed requests are counted', () => {
  it('by code and status, the most frequent first, each with the first as an example', () => {
    const groups = tallyOf([
      ['output_missing'],
      ['invalid_value', 400],
      ['invalid_value', 400],
      ['invalid_value', 422],
    ]);
    expect(groups).toEqual([
      { count: 2, code: 'invalid_value', status: 400, example: 'r1' },
      { count: 1, code: 'output_missing', example: 'r0' },
      { count: 1, code: 'invalid_value', status: 422, example: 'r3' },
    ]);
  });

  it('in constant memory, so that a frequent code is found among thousands of different ones', () => {
    const tally = new FailureTally();
    for (let index = 0; index < 50_000; index++) {
      tally.add({ code: `hostile-${index}` }, 'r');
      if (index >= 20_000 && index % 5 === 0) tally.add({ code: 'frequent' }, `f${index}`);
    }
    expect(tally.groups()).toHaveLength(10);
    expect(tally.groups()[0]).toEqual({ count: 6_000, code: 'frequent', example: 'f20000' });
  });

  it('in a bounded number of bytes, whatever the codes and the ids are', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 500 }),
      fc.string({ unit: fc.constantFrom('"', '\\', '\n', '\ud800', '漢', '😀'), maxLength: 500 }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { maxLength: 30 }), (rows) => {
        const tally = new FailureTally();
        for (const [code, customId] of rows) tally.add({ code, status: 400 }, customId);
        const json = JSON.stringify(tally.groups());
        expect(Buffer.byteLength(json)).toBeLessThanOrEqual(2_200);
        expect(json.isWellFormed()).toBe(true);
        expect(json).not.toMatch(/\\u00/);
      }),
    );
  });

  it.each([
    ['a', 57],
    ['"', 28],
    ['é', 28],
    ['漢', 19],
    ['😀', 14],
  ])('with codes cut to 60 bytes of JSON: %s', (character, kept) => {
    const code = tallyOf([[character.repeat(100)]])[0]?.code;
    expect(code).toBe(`${character.repeat(kept)}…`);
    expect(tallyOf([[character.repeat(10)]])[0]?.code).toBe(character.repeat(10));
  });

  it('without an example, if none is known', () => {
    const tally = new FailureTally();
    tally.addGroups([{ count: 2, code: 'a', isUnfinished: true }]);
    expect(tally.groups()).toEqual([{ count: 2, code: 'a', isUnfinished: true }]);
    expect(failuresText({ total: 2, groups: tally.groups(), other: 0 })).toBe('2 × a');
  });

  it('of parts in sum', () => {
    const tally = new FailureTally();
    tally.addGroups(tallyOf([['a', 400], ['b']]));
    tally.addGroups(tallyOf([['b'], ['b']]));
    expect(tally.groups()).toEqual([
      { count: 3, code: 'b', example: 'r1' },
      { count: 1, code: 'a', status: 400, example: 'r0' },
    ]);
  });
});

it('the failures of several batches are summed by error', () => {
  const ofA = { total: 3, groups: tallyOf([['a', 400], ['b']]), other: 1 };
  const ofB = { total: 2, groups: tallyOf([['b'], ['b']]), other: 0 };
  expect(sumFailures(ofA, ofB)).toEqual({
    total: 5,
    groups: [
      { count: 3, code: 'b', example: 'r1' },
      { count: 1, code: 'a', status: 400, example: 'r0' },
    ],
    other: 1,
  });
  expect(sumFailures(undefined, ofB)).toBe(ofB);
  expect(sumFailures(ofA, undefined)).toBe(ofA);
});

describe('the failures of a batch', () => {
  const failureGroups: FailureGroup[] = [
    { count: 2, code: 'invalid_value', status: 400, example: 'r1' },
    { count: 3, code: 'batch_expired', example: 'r4', isUnfinished: true },
  ];
  const counts = { total: 10, succeeded: 4, failed: 3, unfinished: 3 };
  const known = { counts, failureGroups, rows: ROWS };

  it('that has ended are all requests without a success', () => {
    const total = { total: 6, groups: failureGroups, other: 1 };
    expect(failuresOf(given('completed', known))).toEqual(total);
    expect(failuresOf(given('delivering', known))).toEqual(total);
  });

  it('that is open are those that do not run again', () => {
    const final = { total: 3, groups: failureGroups.slice(0, 1), other: 1 };
    expect(failuresOf(given('retrying', known))).toEqual(final);
    expect(failuresOf(given('running', known))).toEqual(final);
  });

  it('that a user has retried are none until it has run again', () => {
    expect(failuresOf(given('queued', { ...known, selection: 'unsucceeded' }))).toBeUndefined();
    expect(failuresOf(given('split', known))).toBeUndefined();
  });

  it('without rows are not known, and without failures there are none', () => {
    expect(failuresOf(given('cancelled', { ...known, rows: undefined }))).toBeUndefined();
    const all = { total: 10, succeeded: 10, failed: 0, unfinished: 0 };
    expect(failuresOf(given('completed', { counts: all }))).toBeUndefined();
  });

  it('of a record before version 4 are only counted', () => {
    const failures = failuresOf(given('completed', { counts, rows: ROWS }));
    expect(failures).toEqual({ total: 6, groups: [], other: 6 });
    expect(failuresText({ total: 6, groups: [], other: 6 })).toBe('');
  });

  it('are told in one line', () => {
    const groups = tallyOf([['invalid_value', 400], ['invalid_value', 400], ['output_missing']]);
    expect(failuresText({ total: 1_237, groups, other: 1_234 })).toBe(
      '2 × 400 invalid_value, e.g. r0; 1 × output_missing, e.g. r2; 1,234 others',
    );
    expect(failuresText({ total: 4, groups, other: 1 })).toMatch(/; 1 other$/);
  });
});
