import { describe, expect, it } from 'vitest';
import {
  needsRetry,
  newPart,
  partId,
  partRetryId,
  rootBatchId,
} from '../../../shared/batch/newRecord.ts';
import { given, NOW, SLICES } from '../../support/given.ts';

const parent = given('split');
const part = newPart(parent, 2, 'bhpartpartpart00', NOW);

describe('a part', () => {
  it('has an id that no user can choose, and that tells whose it is', () => {
    expect(partId('b1', 2)).toBe('b1/2');
    expect(rootBatchId('b1/2')).toBe('b1');
    expect(rootBatchId('b1')).toBe('b1');
  });

  it('is an ordinary batch of its slice of the snapshot', () => {
    expect(part).toMatchObject({
      batchId: 'b1/2',
      parent: 'b1',
      status: 'queued',
      provider: 'openai',
      createdAt: parent.createdAt,
      deadlineAt: parent.deadlineAt,
      input: { key: parent.input?.key, range: { start: 50, end: 100 }, bytes: 50, requests: 5 },
      counts: { total: 5, unfinished: 5 },
    });
    expect(part.providers).toBeUndefined();
  });

  it('has its share of what the batch is estimated at and may cost', () => {
    const parts = SLICES.map((slice, index) =>
      index === 0 ? { ...slice, maxOutputTokens: 13 } : slice,
    );
    const price = { input: 1_000_000, output: 1_000_000 };
    const input = { key: 'k', bytes: 100, requests: 10, estimatedTokens: 25, maxOutputTokens: 13 };
    const priced = { ...parent, parts, input: { ...input, price, estimatedCost: 38 }, maxCost: 76 };
    expect(newPart(priced, 1, 'bh', NOW)).toMatchObject({
      input: { maxOutputTokens: 13, estimatedCost: 25 },
      maxCost: 50,
      cost: 0,
    });
    expect(newPart(priced, 2, 'bh', NOW)).toMatchObject({
      input: { estimatedCost: 13 },
      maxCost: 26,
    });
    expect(part).not.toHaveProperty('maxCost');
  });

  it('goes to one of several providers, in turn', () => {
    const spread = { ...parent, providers: ['x', 'y'] };
    expect(newPart(spread, 1, 'bh', NOW).provider).toBe('x');
    expect(newPart(spread, 2, 'bh', NOW)).toMatchObject({ provider: 'y', providers: ['x', 'y'] });
  });

  it('is only of a batch that has one', () => {
    expect(() => newPart(parent, 3, 'bh', NOW)).toThrow('batch b1 has no part 3');
    expect(() => newPart(given('queued', { parts: undefined }), 1, 'bh', NOW)).toThrow('no part 1');
    expect(() => newPart(given('split', { input: undefined }), 1, 'bh', NOW)).toThrow('no part 1');
    expect(
      newPart(given('split', { endpoint: undefined, model: undefined }), 1, 'bh', NOW),
    ).not.toHaveProperty('model');
  });

  it('owes a retry that its parent was told of, once', () => {
    const again = { ...parent, retries: 1 };
    const rows = { results: 'r', errors: 'e' };
    const counts = { total: 5, succeeded: 4, failed: 1, unfinished: 0 };
    const ended = given('completed', { rows, counts });
    expect(needsRetry(ended, parent)).toBe(false);
    expect(needsRetry(ended, again)).toBe(true);
    expect(needsRetry({ ...ended, commands: [partRetryId(again)] }, again)).toBe(false);
    expect(needsRetry({ ...ended, counts: { ...counts, succeeded: 5, failed: 0 } }, again)).toBe(
      false,
    );
    expect(needsRetry(given('running', { counts }), again)).toBe(false);
    expect(needsRetry(given('failed', { counts, rows: undefined }), again)).toBe(false);
    expect(partRetryId(parent)).toBe('b1-retry-0');
    expect(SLICES).toHaveLength(2);
  });
});
