import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UNPRICED } from '../../../shared/batch/cost.ts';
import type { Limits } from '../../../shared/batch/job.ts';
import type { ActiveHint, WaitingHint } from '../../../shared/batch/ports.ts';
import {
  type AdmissionBounds,
  admit,
  Budget,
  learnedLimit,
  usageOf,
} from '../../../shared/quota/admission.ts';
import type { ProviderState } from '../../../shared/quota/providerState.ts';
import { UNKNOWN_TOKEN_LIMIT } from '../../../shared/quota/tokenLimit.ts';

const NOW = 1_800_000_000_000;
const limits: Limits = { maxInFlight: 3, maxEnqueuedTokens: 100, maxRequests: 10, maxBytes: 10 };
const state: ProviderState = { schemaVersion: 1, provider: 'p', version: 1 };
const budget = new Budget(UNPRICED);
const BOUNDS: AdmissionBounds = { limits, state, now: NOW, reserveAfterSeconds: 600, budget };

const waiting = (
  batchId: string,
  estimatedTokens: number,
  more: Partial<WaitingHint> = {},
): WaitingHint => ({
  batchId,
  model: undefined,
  requests: 1,
  estimatedTokens,
  expected: { inputTokens: estimatedTokens, outputTokens: 0 },
  createdAt: NOW,
  queuedAt: NOW,
  deadlineAt: 0,
  ...more,
});
const active = (estimatedTokens: number, more: Partial<ActiveHint> = {}): ActiveHint => ({
  ...waiting('x', estimatedTokens),
  isPending: false,
  ...more,
});
const admitted = (
  queue: WaitingHint[],
  load: ActiveHint[] = [],
  bounds: Partial<AdmissionBounds> = {},
) => admit(queue, usageOf(load), { ...BOUNDS, ...bounds }).map(({ batchId }) => batchId);
const LONG_AGO = { createdAt: NOW - 600_000 };

describe('admit', () => {
  it.each<[string, WaitingHint[], ActiveHint[], string[]]>([
    ['all that fit, in order', [waiting('a', 10), waiting('b', 10)], [], ['a', 'b']],
    [
      'no more jobs than allowed',
      [waiting('a', 1), waiting('b', 1)],
      [active(1), active(1)],
      ['a'],
    ],
    ['no more tokens than allowed', [waiting('a', 60), waiting('b', 60)], [], ['a']],
    [
      'a small one before a large one that does not fit',
      [waiting('a', 60), waiting('b', 10)],
      [active(50)],
      ['b'],
    ],
    [
      'nothing of its model before one that has waited long',
      [waiting('a', 60, LONG_AGO), waiting('b', 10)],
      [active(50)],
      [],
    ],
    [
      'another model before one that has waited long',
      [waiting('a', 60, { ...LONG_AGO, model: 'm' }), waiting('b', 90, { model: 'n' })],
      [active(50, { model: 'm' })],
      ['b'],
    ],
    ['one larger than the limit, alone', [waiting('a', 900), waiting('b', 1)], [], ['a']],
    ['beside jobs that have ended', [waiting('a', 60)], [active(50, { isOver: true })], ['a']],
    ['nothing larger than the limit beside others', [waiting('a', 900)], [active(1)], []],
  ])('admits %s', (_, queue, load, expected) => {
    expect(admitted(queue, load)).toEqual(expected);
  });

  it('respects the limit of requests of all models together', () => {
    const room = { limits: { ...limits, maxEnqueuedRequests: 10 } };
    const many = (batchId: string, requests: number) => waiting(batchId, 1, { requests });
    const queue = [many('a', 6), many('b', 6), many('c', 4)];
    expect(admitted(queue, [], room)).toEqual(['a', 'c']);
    expect(admitted([many('a', 99)], [], room)).toEqual(['a']);
  });

  it('respects the limit of starts per clock hour', () => {
    const hour = Math.floor(NOW / 3_600_000);
    const hourly = { ...limits, maxStartsPerHour: 5 };
    const queue = ['a', 'b', 'c'].map((id) => waiting(id, 1));
    const started = (of: number, count: number) => ({
      limits: hourly,
      state: { ...state, starts: { hour: of, count } },
    });
    expect(admitted(queue, [], started(hour, 4))).toEqual(['a']);
    expect(admitted(queue, [], started(hour, 5))).toEqual([]);
    expect(admitted(queue, [], started(hour - 1, 5))).toEqual(['a', 'b', 'c']);
  });

  it('respects the learned limit of the model', () => {
    const ceilings = { m: { ...UNKNOWN_TOKEN_LIMIT, tokens: 30 } };
    const queue = [waiting('a', 20, { model: 'm' }), waiting('b', 20, { model: 'n' })];
    const load = [active(20, { model: 'm' }), active(20, { model: 'n' })];
    expect(admitted(queue, load, { state: { ...state, ceilings } })).toEqual(['b']);
    const unnamed = {
      state: { ...state, ceilings: { '': { ...UNKNOWN_TOKEN_LIMIT, tokens: 30 } } },
    };
    expect(admitted([waiting('c', 20)], [active(20)], unnamed)).toEqual([]);
  });

  it('approaches an unknown limit: eight jobs first, then as many as were accepted', () => {
    const wide = { ...limits, maxInFlight: 1_000, maxEnqueuedTokens: 1_000_000 };
    const queue = Array.from({ length: 100 }, (_, i) => waiting(`${i}`, 1, { model: 'm' }));
    const pending = active(1, { model: 'm', isPending: true });
    const knowing = (accepted: number) => ({
      limits: wide,
      state: { ...state, ceilings: { m: { ...UNKNOWN_TOKEN_LIMIT, accepted } } },
    });
    expect(admitted(queue, [], knowing(0))).toHaveLength(8);
    expect(admitted(queue, [pending, pending], knowing(0))).toHaveLength(6);
    expect(admitted(queue, [active(1, { model: 'm' })], knowing(0))).toHaveLength(8);
    expect(admitted(queue, [], knowing(40))).toHaveLength(40);
  });

  it('remembers a reservation from page to page', () => {
    const load = usageOf([active(50)]);
    expect(admit([waiting('a', 60, LONG_AGO)], load, BOUNDS)).toEqual([]);
    expect(admit([waiting('b', 1)], load, BOUNDS)).toEqual([]);
  });

  it('never exceeds the limits, unless one batch alone does', () => {
    const hints = fc.array(
      fc.record({ tokens: fc.integer({ min: 0, max: 150 }), model: fc.constantFrom('m', 'n') }),
    );
    fc.assert(
      fc.property(hints, (queue) => {
        const load = usageOf([]);
        const batches = queue.map(({ tokens, model }, i) => waiting(`${i}`, tokens, { model }));
        const started = admit(batches, load, BOUNDS);
        expect(load.jobs).toBe(started.length);
        expect(load.jobs).toBeLessThanOrEqual(limits.maxInFlight);
        for (const [model, { tokens }] of load.models) {
          const ofModel = started.filter(
            (batch) => batch.model === model && batch.estimatedTokens > 0,
          );
          if (ofModel.length > 1) expect(tokens).toBeLessThanOrEqual(limits.maxEnqueuedTokens);
        }
      }),
    );
  });
});

it.each(['constructor', 'toString', '__proto__'])(
  'nothing is known of a model named %s before its first refusal',
  (model) => {
    expect(learnedLimit({ ceilings: {} }, model)).toBe(UNKNOWN_TOKEN_LIMIT);
  },
);
