import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineGroups, lines } from '../../../shared/jsonl/lines.ts';
import { all, chunked } from '../../support/streams.ts';

const read = async (text: string | Buffer, chunkBytes?: number) =>
  (await all(lines(chunked(text, chunkBytes)))).map(({ number, bytes }) => [
    number,
    bytes.toString(),
  ]);

describe('lines', () => {
  it.each([
    ['nothing', '', []],
    ['one line', 'a\n', [[1, 'a']]],
    [
      'a last line without an end',
      'a\nb',
      [
        [1, 'a'],
        [2, 'b'],
      ],
    ],
    [
      'CRLF',
      'a\r\nb\r\n',
      [
        [1, 'a'],
        [2, 'b'],
      ],
    ],
    [
      'blank lines, which count',
      '\na\n\n  \r\nb\n\n',
      [
        [2, 'a'],
        [5, 'b'],
      ],
    ],
    [
      'letters of several bytes',
      'ä\n漢\n😀',
      [
        [1, 'ä'],
        [2, '漢'],
        [3, '😀'],
      ],
    ],
    ['a carriage return inside a line', 'a\rb\n', [[1, 'a\rb']]],
  ])('splits %s', async (_, text, expected) => {
    for (const chunkBytes of [1, 2, 3, 100]) expect(await read(text, chunkBytes)).toEqual(expected);
  });

  it('are the same whatever the chunks', async () => {
    const text = fc
      .array(fc.constantFrom('a', 'ä', '\n', '\r\n', '😀', ' ', '{}'))
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 20 }), async (input, chunkBytes) => {
        const expected = input
          .split('\n')
          .map((line, index) => [index + 1, line.replace(/\r$/, '')])
          .filter(([, line]) => String(line).trim() !== '');
        expect(await read(input, chunkBytes)).toEqual(expected);
      }),
    );
  });

  it('take a line of 5 MB in small chunks', async () => {
    const long = 'x'.repeat(5_000_000);
    const found = await all(lines(chunked(`a\n${long}\nb`, 16_384)));
    expect(found.map(({ bytes }) => bytes.length)).toEqual([1, 5_000_000, 1]);
  });

  it.each(['with its end', 'without its end'])('over the limit are refused, %s', async (end) => {
    const text = `a\n${'x'.repeat(11)}${end === 'with its end' ? '\n' : ''}`;
    await expect(all(lineGroups(chunked(text, 100), 10))).rejects.toThrow(
      'line 2 has over 10 bytes',
    );
    await expect(all(lineGroups(chunked(text, 3), 10))).rejects.toThrow('line 2 has over 10 bytes');
  });
});
