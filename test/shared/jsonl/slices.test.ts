import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobSize } from '../../../shared/batch/input.ts';
import type { TokenEstimate } from '../../../shared/batch/ports.ts';
import { MAX_SLICES, sliceRange } from '../../../shared/jsonl/slices.ts';

const line = (id: string, body: object = {}) =>
  `${JSON.stringify({ custom_id: id, method: 'POST', url: '/v1/embeddings', body: { model: 'm', input: 'x', ...body } })}\n`;

/** An estimate that is in the request. */
function stated(): TokenEstimate {
  let total = 0;
  return {
    add(body) {
      const tokens = Number(body.tokens ?? 10);
      total += tokens;
      return tokens;
    },
    total: () => total,
  };
}

async function* bytesOf(text: string) {
  yield Buffer.from(text);
}

/** Slices of a range that begins at byte 1,000 of its file. */
function slicesOf(text: string, size: JobSize) {
  const range = { start: 1_000, end: 1_000 + Buffer.byteLength(text) };
  return sliceRange(bytesOf(text), range, size, stated());
}

const lines = (tokens: readonly number[]) =>
  tokens.map((each, index) => line(`r${index}`, { tokens: each }));

describe('a range of an input', () => {
  it('is cut into whole lines that are small enough, by their place in the file', async () => {
    const each = lines([10, 10, 10, 25, 5]);
    const sizes = each.map((text) => text.length);
    const at = (count: number) => 1_000 + sizes.slice(0, count).reduce((a, b) => a + b, 0);
    expect(await slicesOf(each.join(''), { tokens: 20 })).toEqual([
      { start: at(0), end: at(2), requests: 2, estimatedTokens: 20, idBytes: 10 },
      { start: at(2), end: at(3), requests: 1, estimatedTokens: 10, idBytes: 5 },
      { start: at(3), end: at(4), requests: 1, estimatedTokens: 25, idBytes: 5 },
      { start: at(4), end: at(5), requests: 1, estimatedTokens: 5, idBytes: 5 },
    ]);
  });

  it('is cut by requests', async () => {
    const slices = await slicesOf(lines([1, 1, 1, 1, 1]).join(''), { requests: 2 });
    expect(slices.map(({ requests }) => requests)).toEqual([2, 2, 1]);
  });

  it('is cut in two if the estimate says that it fits whole', async () => {
    const slices = await slicesOf(lines([1, 1, 1, 1]).join(''), { tokens: 1_000 });
    expect(slices.map(({ requests }) => requests)).toEqual([2, 2]);
  });

  it('fails at a line that no inspection would have accepted', async () => {
    await expect(slicesOf('{}\n', { tokens: 1 })).rejects.toThrow(
      'a line that was accepted is not',
    );
  });

  it('is cut into 2 to 200 slices without a gap, whatever is asked for', async () => {
    const inputs = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 600 });
    const sizes = fc.record(
      { tokens: fc.integer({ min: 1, max: 500 }), requests: fc.integer({ min: 1, max: 9 }) },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(inputs, sizes, async (tokens, size) => {
        const text = lines(tokens).join('');
        const slices = await slicesOf(text, size);
        expect(slices.length).toBeGreaterThan(1);
        expect(slices.length).toBeLessThanOrEqual(MAX_SLICES);
        let start = 1_000;
        for (const slice of slices) {
          expect(slice.start).toBe(start);
          start = slice.end;
        }
        expect(start).toBe(1_000 + text.length);
        expect(slices.reduce((sum, { requests }) => sum + requests, 0)).toBe(tokens.length);
      }),
      { numRuns: 50 },
    );
  });
});
