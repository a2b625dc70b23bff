import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UNPRICED } from '../../../shared/batch/cost.ts';
import type { Limits } from '../../../shared/batch/job.ts';
import type { ActiveHint, WaitingHint } from '../../../shared/batch/ports.ts';
import { type AdmissionBounds, admit, usageOf } from '../../../shared/quota/admission.ts';
import { Budget } from '../../../shared/quota/budget.ts';
import { FairShare } from '../../../shared/quota/fairShare.ts';
import { type LearnedLimit, UNKNOWN_LIMIT } from '../../../shared/quota/learnedLimit.ts';
import type { ProviderState } from '../../../shared/quota/providerState.ts';

const NOW = 1_800_000_000_000;
const limits: Limits = { maxInFlight: 3, maxEnqueuedTokens: 100, maxRequests: 10, maxBytes: 10 };
const state: ProviderState = { schemaVersion: 1, provider: 'p', version: 1 };
const budget = new Budget(UNPRICED);
const BOUNDS: AdmissionBounds = {
  share: new FairShare(),
  ...{ limits, state, now: NOW, reserveAfterSeconds: 600, budget },
};

const waiting = (
  batchId: string,
  estimatedTokens: number,
  more: Partial<WaitingHint> = {},
): WaitingHint => ({
  batchId,
  priority: 0,
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
) =>
  admit(queue, usageOf(load), { ...BOUNDS, share: new FairShare(), ...bounds }).map(
    ({ batch }) => batch.batchId,
  );
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
    const ceilings = { m: { ...UNKNOWN_LIMIT, tokens: 30, steadySince: NOW } };
    const queue = [waiting('a', 20, { model: 'm' }), waiting('b', 20, { model: 'n' })];
    const load = [active(20, { model: 'm' }), active(20, { model: 'n' })];
    expect(admitted(queue, load, { state: { ...state, ceilings } })).toEqual(['b']);
    const unnamed = {
      state: { ...state, ceilings: { '': { ...UNKNOWN_LIMIT, tokens: 30, steadySince: NOW } } },
    };
    expect(admitted([waiting('c', 20)], [active(20)], unnamed)).toEqual([]);
  });

  it('approaches an unknown limit: eight jobs first, then as many as were accepted', () => {
    const wide = { ...limits, maxInFlight: 1_000, maxEnqueuedTokens: 1_000_000 };
    const queue = Array.from({ length: 100 }, (_, i) => waiting(`${i}`, 1, { model: 'm' }));
    const pending = active(1, { model: 'm', isPending: true });
    const knowing = (accepted: number) => ({
      limits: wide,
      state: { ...state, ceilings: { m: { ...UNKNOWN_LIMIT, accepted } } },
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
            ({ batch }) => batch.model === model && batch.estimatedTokens > 0,
          );
          if (ofModel.length > 1) expect(tokens).toBeLessThanOrEqual(limits.maxEnqueuedTokens);
        }
      }),
    );
  });
});

describe('a model of which a limit was learned', () => {
  const wide = { ...limits, maxInFlight: 1_000, maxEnqueuedTokens: 1_000_000 };
  const learned = (limit: Partial<LearnedLimit>): Partial<AdmissionBounds> => {
    const ceilings = { m: { ...UNKNOWN_LIMIT, steadySince: NOW, ...limit } };
    return { limits: wide, state: { ...state, ceilings } };
  };
  const of = (batchId: string, tokens: number, more: Partial<WaitingHint> = {}) =>
    waiting(batchId, tokens, { model: 'm', requests: 10, ...more });
  const leaving = (
    queue: WaitingHint[],
    bounds: Partial<AdmissionBounds>,
    load: ActiveHint[] = [],
  ) =>
    admit(queue, usageOf(load), { ...BOUNDS, share: new FairShare(), ...bounds }).map(
      ({ batch, splitTo }) => [batch.batchId, splitTo],
    );

  it('has larger batches split, which takes no capacity and waits for nothing', () => {
    const busy = [active(80, { model: 'm' })];
    const limit = learned({ tokens: 90, jobTokens: 80.9 });
    expect(leaving([of('a', 200), of('b', 10)], limit, busy)).toEqual([
      ['a', { tokens: 80 }],
      ['b', undefined],
    ]);
    const requests = learned({ requests: 4 });
    expect(leaving([of('a', 1), of('b', 1, { requests: 4 })], requests)).toEqual([
      ['a', { requests: 4 }],
      ['b', undefined],
    ]);
  });

  it('keeps those waiting that do not fit beside its jobs by their requests', () => {
    const load = [active(1, { model: 'm', requests: 3 }), active(1, { model: 'n', requests: 9 })];
    const queue = [of('a', 1, { requests: 2 }), of('b', 1, { requests: 1 })];
    expect(leaving(queue, learned({ requests: 4 }), load)).toEqual([['b', undefined]]);
  });

  it.each([
    ['some of its requests have finished', { expected: { inputTokens: 150, outputTokens: 0 } }],
    ['it has one request', { requests: 1 }],
    ['it was split eight times', { batchId: 'a/1/1/1/1/1/1/1/1' }],
  ])('tries a larger batch last and alone that cannot be split: %s', (_, more) => {
    const limit = learned({ tokens: 90, jobTokens: 90 });
    const large = of('a', 200, { ...LONG_AGO, ...more });
    expect(leaving([large, of('b', 10)], limit)).toEqual([['b', undefined]]);
    expect(leaving([large], limit)).toEqual([[large.batchId, undefined]]);
  });

  describe('that is over quota', () => {
    const cooldown = (until: number) => ({
      cooldown: {
        reason: { code: 'c', message: 'm' },
        since: NOW - 60_000,
        ...{ until, refusals: 1, tokens: 100 },
      },
    });

    it('is tried only with a job of half the size, by itself, while it cools down', () => {
      const cooling = learned(cooldown(NOW + 1));
      expect(leaving([of('a', 51), of('b', 50), of('c', 9)], cooling)).toEqual([['b', undefined]]);
      const pending = [active(9, { model: 'm', isPending: true })];
      expect(leaving([of('b', 50)], cooling, pending)).toEqual([]);
      const other = of('d', 99, { model: 'n' });
      expect(leaving([of('a', 51), other], cooling)).toEqual([['d', undefined]]);
    });

    it('is tried with one job in each sweep afterwards, until one is accepted', () => {
      const queue = [of('a', 51), of('b', 9), of('d', 9, { model: 'n' })];
      expect(leaving(queue, learned(cooldown(NOW)))).toEqual([
        ['a', undefined],
        ['d', undefined],
      ]);
    });
  });

  it('does not limit a provider that refused without naming a model, except to one job a sweep', () => {
    const hold = {
      kind: 'quota',
      reason: { code: 'c', message: 'm' },
      until: NOW,
      refusals: 1,
    } as const;
    const held = { limits: wide, state: { ...state, hold } };
    const queue = [of('a', 9), of('b', 9, { model: 'n' })];
    expect(leaving(queue, held)).toEqual([['a', undefined]]);
    const blocked = {
      limits: wide,
      state: { ...state, hold: { ...hold, kind: 'account' as const } },
    };
    expect(leaving(queue, blocked)).toHaveLength(2);
  });
});
