import { describe, expect, it } from 'vitest';
import { addMessageSchema } from '../../../shared/batch/messages.ts';
import {
  isPartId,
  isPartOf,
  needsRetry,
  newBatch,
  newPart,
  partCancelId,
  partId,
  partRetryId,
  rootBatchId,
} from '../../../shared/batch/newRecord.ts';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import { type BatchIn, batchSchema } from '../../../shared/batch/record.ts';
import { given, NOW, SLICES } from '../../support/given.ts';

const parent = given('split');
const partOf = (split: BatchIn<'split'>, number: number) => {
  const slice = split.input.parts[number - 1];
  if (!slice) throw new Error(`there is no part ${number}`);
  return newPart(split, { number, slice, keyPrefix: 'bhpartpartpart00' }, NOW);
};
const part = partOf(parent, 2);

describe('a part', () => {
  it('has an id that no user can choose, and that names its batch', () => {
    expect(partId('b1', 2)).toBe('b1/2');
    expect(rootBatchId('b1/2')).toBe('b1');
    expect(rootBatchId('b1')).toBe('b1');
  });

  it('is an ordinary batch of its slice of the snapshot', () => {
    expect(part).toMatchObject({
      batchId: 'b1/2',
      part: { parentId: 'b1', parentKeyPrefix: parent.keyPrefix, range: { start: 50, end: 100 } },
      status: 'queued',
      provider: 'openai',
      keyPrefix: 'bhpartpartpart00',
      createdAt: parent.createdAt,
      deadlineAt: parent.deadlineAt,
      input: { key: parent.input.key, bytes: 50, requests: 5, endpoint: '/v1/embeddings' },
      counts: { total: 5, unfinished: 5 },
    });
    expect(part.spec).toEqual(parent.spec);
    expect(batchSchema.parse(part)).toEqual(part);
  });

  it('begins as a new batch does', () => {
    const prepared = {
      batchId: 'b1',
      providers: ['openai'] as const,
      source: parent.spec.source,
      keyPrefix: 'bh',
    };
    const whole = newBatch(addMessageSchema.parse({}), prepared, DEFAULT_POLICY, NOW);
    const { batchId, spec, status, statusAt, createdAt, dueAt, ...initial } = whole;
    const { deadlineAt, keyPrefix, counts, sends, ...shared } = initial;
    expect(part).toMatchObject(shared);
    expect(whole.sends).toBe(1);
    expect(part.sends).toBe(0);
  });

  it('has its share of what the batch is estimated at and may cost', () => {
    const parts = SLICES.map((slice, index) =>
      index === 0 ? { ...slice, maxOutputTokens: 13 } : slice,
    );
    const price = { input: 1_000_000, output: 1_000_000 };
    const input = { ...parent.input, parts, maxOutputTokens: 13, price, estimatedCost: 38 };
    const priced = { ...parent, input, spec: { ...parent.spec, maxCost: 76 } };
    expect(partOf(priced, 1)).toMatchObject({
      input: { maxOutputTokens: 13, estimatedCost: 25 },
      spec: { maxCost: 50 },
      cost: 0,
    });
    expect(partOf(priced, 2)).toMatchObject({
      input: { estimatedCost: 13 },
      spec: { maxCost: 26 },
    });
    expect(part.spec).not.toHaveProperty('maxCost');
  });

  it('goes to one of several providers, in turn', () => {
    const spread = given('split', { spec: { providers: ['x', 'y'] } });
    expect(partOf(spread, 1).provider).toBe('x');
    expect(partOf(spread, 2)).toMatchObject({ provider: 'y', spec: { providers: ['x', 'y'] } });
  });

  it('has no model if its batch has none', () => {
    const { model: _, ...input } = parent.input;
    expect(partOf({ ...parent, input }, 1).input).not.toHaveProperty('model');
  });

  it('that a retry finds missing runs once for it', () => {
    const again = { ...parent, retries: 1 };
    expect(partOf(again, 1).commands).toEqual([partRetryId(again)]);
    expect(part.commands).toEqual([]);
  });

  it('belongs to the batch it was made from, and to no other with the same id', () => {
    expect(isPartOf(part, parent)).toBe(true);
    expect(isPartOf(part, { ...parent, keyPrefix: 'bhanother' })).toBe(false);
    expect(isPartOf(part, { ...parent, batchId: 'b2' })).toBe(false);
    expect(isPartOf(parent, parent)).toBe(false);
    // Written by an earlier version.
    const { parentKeyPrefix: _, ...before } = part.part ?? { parentId: '', range: SLICES[0] };
    const old = { ...part, part: before } as typeof part;
    expect(isPartOf(old, parent)).toBe(true);
    expect(isPartOf(old, { ...parent, createdAt: NOW })).toBe(false);
  });

  it('is cancelled once each time that it runs', () => {
    expect(partCancelId(part)).toBe('b1/2-cancel-0');
    expect(partCancelId({ ...part, retries: 1 })).toBe('b1/2-cancel-1');
    expect([isPartId('b1/2'), isPartId('b1')]).toEqual([true, false]);
  });

  it('runs again once for each retry of its parent', () => {
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
