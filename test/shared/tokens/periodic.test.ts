import { beforeAll, describe, expect, it } from 'vitest';
import { TokenEstimator } from '../../../shared/tokens/estimator.ts';
import { FileEstimator } from '../../../shared/tokens/fileEstimator.ts';
import { type CountTokens, loadTokenizer } from '../../../shared/tokens/text.ts';
import { CORPORA } from './corpora/index.ts';

const ROWS = 1_500;

let count: CountTokens;
beforeAll(async () => {
  count = await loadTokenizer();
});

/** A table: numbers of one width, as many as fit the length. */
function cells(width: number, length: number, row: number): string {
  const digits = width - 2;
  const cell = (_: unknown, column: number) =>
    `${String(((row * 97 + column) * 7_919) % 10 ** digits).padStart(digits, '0')}, `;
  return Array.from({ length: Math.ceil(length / width) }, cell)
    .join('')
    .slice(0, length);
}

const [english, code, hindi] = ['English', 'code', 'Hindi'].map((corpus) =>
  (CORPORA[corpus]?.(1, 100) ?? []).map((body) => JSON.stringify(body.messages)).join('\n'),
) as [string, string, string];

const from = (text: string, start: number, length: number) =>
  text.slice(start % 5_000, (start % 5_000) + length);

/** The lengths of a few rows are most of the file's. */
const skewed = (row: number) => Math.min(60_000, Math.floor(100 * (ROWS / (row + 1)) ** 1.2));

describe('the estimate of a file', () => {
  it.each<readonly [string, (row: number) => string]>([
    // Estimated at half their tokens, and at two thirds, while characters at equal distances were read.
    ['whose texts repeat every 5 characters', (row) => cells(5, 1_280, row)],
    ['whose texts repeat every 10 characters', () => 'key: "v", '.repeat(128)],
    ['whose texts repeat every 16 characters', (row) => cells(16, 640, row)],
    ['of long code in every 8th row', (row) => from(row % 8 ? english : code, row, 900)],
    ['of Hindi in every 4th row', (row) => from(row % 4 ? english : hindi, row, 900)],
    ['in which few rows are long', (row) => from(english, row, skewed(row))],
  ])('%s is within 3 %%', (_, content) => {
    const texts = Array.from({ length: ROWS }, (__, row) => content(row));
    const bodies = texts.map((text) => ({
      model: 'm',
      messages: [{ role: 'user', content: text }],
    }));
    const exact = new TokenEstimator(count, { exactCharacters: Number.POSITIVE_INFINITY });
    const read = new TokenEstimator(count);
    const drawn = new FileEstimator(count);
    const sums = { read: 0, drawn: 0, bodies: 0 };
    for (const body of bodies) {
      exact.add(body);
      sums.read += read.add(body);
      const bytes = Buffer.from(JSON.stringify(body));
      const size = { bytes: bytes.length, notAscii: bytes.filter((byte) => byte >= 0x80).length };
      sums.drawn += drawn.addLine(size, () => {
        sums.bodies += 1;
        return body;
      });
    }
    const estimates = [read.total(), sums.read, drawn.total(), sums.drawn];
    for (const tokens of estimates) expect(Math.abs(tokens / exact.total() - 1)).toBeLessThan(0.03);
    expect(sums.bodies).toBeLessThan(ROWS);
  });
});
