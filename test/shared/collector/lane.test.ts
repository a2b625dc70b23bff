import { expect, it } from 'vitest';
import { BATCH_ID_PATTERN } from '../../../shared/batch/ids.ts';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import { collectorSettingsSchema } from '../../../shared/collector/contract.ts';
import {
  collectedBatchId,
  dueAtOf,
  hasChunk,
  isLaneFull,
  type Lane,
  remainingIn,
  sweptLane,
  withChunk,
  withOpenSealed,
  withoutWindow,
} from '../../../shared/collector/lane.ts';
import { NOW } from '../../support/given.ts';

const EMPTY: Lane = {
  ...{ schemaVersion: 1, version: 0, laneId: '0123456789abcdef', provider: 'openai' },
  ...{ model: 'm', endpoint: '/v1/embeddings', next: 1, sealed: [] },
};
const LIMITS = { maxRequests: 10, maxBytes: 1000, maxAgeSeconds: 300 };
const chunk = (token: string, requests = 1, bytes = 10) => ({ token, requests, bytes });

it('the first chunk opens a window, which is due at its age', () => {
  const lane = withChunk(EMPTY, chunk('a', 3, 30), LIMITS, NOW);
  expect(lane.open).toEqual({
    ...{ number: 1, dueAt: NOW + 300_000, requests: 3, bytes: 30, chunks: ['a'] },
  });
  const later = withChunk(lane, chunk('b'), LIMITS, NOW + 1000);
  expect(later.open).toMatchObject({ number: 1, dueAt: NOW + 300_000, chunks: ['a', 'b'] });
  expect(dueAtOf(later)).toBe(NOW + 300_000);
  expect(remainingIn(later, LIMITS)).toEqual({ requests: 6, bytes: 960 });
});

it.each([
  ['requests', chunk('a', 10, 10)],
  ['bytes', chunk('a', 1, 1000)],
])('a window that is full by its %s is sealed at once, and due', (_, filling) => {
  const lane = withChunk(EMPTY, filling, LIMITS, NOW);
  expect(lane.open).toBeUndefined();
  expect(lane.sealed).toMatchObject([{ number: 1, dueAt: NOW, sends: 0 }]);
  expect(withChunk(lane, chunk('b'), LIMITS, NOW).open?.number).toBe(2);
  expect(remainingIn(lane, LIMITS)).toEqual({ requests: 10, bytes: 1000 });
});

it('the item stays far below what DynamoDB takes, then the lane takes no more', () => {
  const token = (index: number) => String(index).padStart(32, '0');
  let lane = EMPTY;
  let chunks = 0;
  while (!isLaneFull(lane)) {
    const limits = { ...LIMITS, maxRequests: 1e9, maxBytes: 1e9 };
    lane = withChunk(lane, chunk(token(chunks++)), limits, NOW);
  }
  expect(lane.sealed.map((window) => window.chunks.length)).toEqual([2000, 2000, 2000, 2000]);
  expect(Buffer.byteLength(JSON.stringify(lane))).toBeLessThan(350_000);
});

it('a number is never given out twice', () => {
  const one = withOpenSealed(withChunk(EMPTY, chunk('a'), LIMITS, NOW), NOW);
  const none = withoutWindow(one, 1);
  expect(none.sealed).toEqual([]);
  expect(dueAtOf(none)).toBeUndefined();
  expect(withChunk(none, chunk('b'), LIMITS, NOW).open?.number).toBe(2);
});

it('a chunk is found in an open and in a sealed window', () => {
  const open = withChunk(EMPTY, chunk('a'), LIMITS, NOW);
  expect([hasChunk(open, 'a'), hasChunk(withOpenSealed(open, NOW), 'a')]).toEqual([true, true]);
  expect(hasChunk(open, 'b')).toBe(false);
});

it('a sweep seals what has its age, and sends it again after a doubling wait', () => {
  const open = withChunk(EMPTY, chunk('a'), LIMITS, NOW);
  expect(sweptLane(open, DEFAULT_POLICY, NOW + 299_999)).toEqual({ lane: open, toJoin: [] });

  const first = sweptLane(open, DEFAULT_POLICY, NOW + 300_000);
  expect(first.toJoin).toEqual([1]);
  expect(first.lane.sealed).toMatchObject([{ sends: 1, dueAt: NOW + 420_000 }]);

  expect(sweptLane(first.lane, DEFAULT_POLICY, NOW + 419_999).lane).toBe(first.lane);
  const second = sweptLane(first.lane, DEFAULT_POLICY, NOW + 420_000);
  expect(second.toJoin).toEqual([1]);
  expect(second.lane.sealed).toMatchObject([{ sends: 2, dueAt: NOW + 660_000 }]);
});

it('a window becomes a batch with a legal id', () => {
  expect(collectedBatchId(EMPTY.laneId, 12)).toBe('collected-0123456789abcdef-12');
  expect(collectedBatchId(EMPTY.laneId, 12)).toMatch(BATCH_ID_PATTERN);
});

it('all settings have a default', () => {
  expect(collectorSettingsSchema.parse({})).toEqual({
    ...{ maxRequests: 10_000, maxAgeSeconds: 300, priority: 0, metadata: {} },
  });
});

it('a lane without an open window has nothing to seal', () => {
  expect(withOpenSealed(EMPTY, NOW)).toBe(EMPTY);
});

it('of several sealed windows only those that are due are sent again', () => {
  const one = withOpenSealed(withChunk(EMPTY, chunk('a'), LIMITS, NOW), NOW);
  const sent = sweptLane(one, DEFAULT_POLICY, NOW).lane;
  const two = withOpenSealed(withChunk(sent, chunk('b'), LIMITS, NOW + 1), NOW + 1);
  const { lane, toJoin } = sweptLane(two, DEFAULT_POLICY, NOW + 1);
  expect(toJoin).toEqual([2]);
  expect(lane.sealed[0]).toEqual(sent.sealed[0]);
});
