import { describe, expect, it } from 'vitest';
import { problemsText } from '../../../shared/batch/failuresText.ts';
import { ProblemTally, problemOf } from '../../../shared/batch/problems.ts';

/** The problems of lines with these texts, from line 1 on. */
function problemsOf(...messages: readonly string[]) {
  const tally = new ProblemTally();
  for (const [index, message] of messages.entries()) {
    const line = index + 1;
    tally.add({ code: 'bad', message: `line ${line}: ${message}`, line });
  }
  return tally.summary();
}

describe('problems of an input', () => {
  it('of one kind are one group with its first lines', () => {
    const found = problemsOf(...Array.from({ length: 200 }, () => 'body.stream is true'));
    expect(found).toEqual({
      total: 200,
      groups: [{ count: 200, code: 'bad', message: 'body.stream is true', lines: [1, 2, 3] }],
      other: 0,
    });
    expect(problemsText(found)).toBe('200 problems: 200 × body.stream is true (lines 1, 2, 3 …)');
  });

  it('are of one kind if only values in their texts differ', () => {
    const found = problemsOf('"a" is that of line 7', 'n is 9', '"b\\"c" is that of line 12');
    expect(found.groups).toEqual([
      { count: 2, code: 'bad', message: '"a" is that of line 7', isVaried: true, lines: [1, 3] },
      { count: 1, code: 'bad', message: 'n is 9', lines: [2] },
    ]);
    expect(problemsText(found)).toBe(
      '3 problems: 2 × such as: "a" is that of line 7 (lines 1, 3); 1 × n is 9 (line 2)',
    );
  });

  it('of many kinds are told with the number of the others', () => {
    const kinds = ['a', 'b', 'c', 'd', 'e'].map((kind) => `${kind} is wrong`);
    const found = problemsOf('a is wrong', ...kinds);
    expect(problemsText(found)).toBe(
      '6 problems: 2 × a is wrong (lines 1, 2); 1 × b is wrong (line 3); 1 × c is wrong (line 4); 2 others',
    );
  });

  it('of the file as a whole name no line', () => {
    const found = problemOf({ code: 'empty_file', message: 'the file has no requests' });
    expect(problemsText(found)).toBe('1 problem: 1 × the file has no requests');
  });

  it('take a bounded number of bytes and memory, whatever their texts are', () => {
    const texts = Array.from({ length: 5_000 }, (_, index) => {
      const letters = [...String(index)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
      return `${letters}${'"\\\u0001漢'.repeat(100)}`;
    });
    const found = problemsOf(...texts);
    expect(found).toMatchObject({ total: 5_000, other: 4_990 });
    expect(Buffer.byteLength(JSON.stringify(found))).toBeLessThan(4_000);
  });

  it('name a line with several of one kind once', () => {
    const tally = new ProblemTally();
    for (const line of [4, 4, 9]) tally.add({ code: 'bad', message: 'b', line });
    expect(problemsText(tally.summary())).toBe('3 problems: 3 × b (lines 4, 9)');
  });
});
