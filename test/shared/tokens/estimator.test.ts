import { existsSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { TokenEstimator } from '../../../shared/tokens/estimator.ts';
import { createTokenEstimator } from '../../../shared/tokens/fileEstimator.ts';
import { type CountTokens, loadTokenizer } from '../../../shared/tokens/text.ts';
import { CORPORA } from './corpora/index.ts';

type Body = Readonly<Record<string, unknown>>;

const REQUESTS = 1500;

/** Real requests, if the data exists. */
const GSM8K = '../shared/data/gsm8k-test.requests.jsonl';

let count: CountTokens;
beforeAll(async () => {
  count = await loadTokenizer();
});

const chat = (content: unknown): Body => ({
  model: 'gpt-4o',
  messages: [{ role: 'user', content }],
});

function exactTokens(bodies: readonly Body[]): number {
  const estimator = new TokenEstimator(count, { exactCharacters: Number.POSITIVE_INFINITY });
  for (const body of bodies) estimator.add(body);
  return estimator.total();
}

interface Estimate {
  readonly total: number;
  readonly sum: number;
  readonly countedCharacters: number;
}

function estimateOf(bodies: readonly Body[], sized: boolean): Estimate {
  let countedCharacters = 0;
  const counting: CountTokens = (text) => {
    countedCharacters += text.length;
    return count(text);
  };
  const bytes = bodies.map((body) => Buffer.byteLength(JSON.stringify(body)));
  const fileBytes = sized ? bytes.reduce((sum, length) => sum + length, 0) : undefined;
  const estimator = new TokenEstimator(counting, { fileBytes });
  const estimates = bodies.map((body, index) => estimator.add(body, bytes[index]));
  const sum = estimates.reduce((left, right) => left + right, 0);
  return { total: estimator.total(), sum, countedCharacters };
}

const relativeError = (estimate: number, exact: number) => Math.abs(estimate / exact - 1);

describe('the estimate of a file', () => {
  describe.each(Object.keys(CORPORA))('%s', (name) => {
    it.each([
      ['of a known size', 1, true],
      ['of a known size, again', 2, true],
      ['of an unknown size', 3, false],
    ])('is within 5 %% for a file %s', (_, seed, sized) => {
      const bodies = CORPORA[name]?.(seed, REQUESTS) ?? [];
      const exact = exactTokens(bodies);

      const { total, sum } = estimateOf(bodies, sized);

      expect(relativeError(total, exact)).toBeLessThan(0.05);
      // The estimates that are summed over the parts of a split file.
      expect(relativeError(sum, exact)).toBeLessThan(0.05);
    });
  });

  it('counts only a small part of a large file', () => {
    const bodies = CORPORA.English?.(4, 10_000) ?? [];
    const characters = JSON.stringify(bodies).length;

    expect(estimateOf(bodies, true).countedCharacters).toBeLessThan(characters * 0.02);
  });

  it('is exact for a small file', () => {
    const bodies = CORPORA.English?.(5, 15) ?? [];

    const { total, sum } = estimateOf(bodies, true);

    expect(total).toBe(exactTokens(bodies));
    expect(sum).toBe(total);
  });

  it('is the same each time', () => {
    const bodies = CORPORA.mixed?.(6, 500) ?? [];

    expect(estimateOf(bodies, true)).toEqual(estimateOf(bodies, true));
  });

  it('is within 5 % for real requests', ({ skip }) => {
    if (!existsSync(GSM8K)) skip(`there is no ${GSM8K}`);
    const lines = readFileSync(GSM8K, 'utf8').trim().split('\n');
    const bodies = lines.map((line) => JSON.parse(line).body);
    const exact = exactTokens(bodies);

    expect(relativeError(estimateOf(bodies, true).total, exact)).toBeLessThan(0.05);
    expect(relativeError(estimateOf(bodies, false).total, exact)).toBeLessThan(0.05);
  });
});

describe('the estimate of a request', () => {
  it('is close for each kind of text in a mixed file', () => {
    const estimator = new TokenEstimator(count, { exactCharacters: 0 });
    for (const body of CORPORA.mixed?.(7, 1000) ?? []) estimator.add(body);

    for (const name of ['English', 'code', 'JSON', 'Hindi', 'Chinese', 'images']) {
      const bodies = CORPORA[name]?.(8, 50) ?? [];
      const sum = bodies.reduce((tokens, body) => tokens + estimator.add(body), 0);
      expect(relativeError(sum, exactTokens(bodies)), name).toBeLessThan(0.15);
    }
  });

  it('grows with its text', async () => {
    const estimator = await createTokenEstimator({ exactCharacters: 0 });
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ minLength: 200 }), (text, more) => {
        const short = estimator.add(chat(text));
        expect(estimator.add(chat(text + more))).toBeGreaterThan(short * 0.5);
        expect(estimator.add(chat(text + more.repeat(20)))).toBeGreaterThan(short);
      }),
    );
  });
});
