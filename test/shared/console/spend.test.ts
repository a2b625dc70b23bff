import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_GROUPS } from '../../../shared/console/groups.ts';
import { periodOf } from '../../../shared/console/period.ts';
import {
  metadataKeys,
  type SpendBy,
  type SpentBatch,
  spendOf,
} from '../../../shared/console/spend.ts';

const NOW = Date.parse('2026-12-01T10:00:00Z');
const DAY = 86_400_000;

function batch(changes: Partial<SpentBatch> = {}): SpentBatch {
  return {
    ...{ status: 'completed', endedAt: '2026-12-01T09:00:00.000Z', cost: 1, attempts: 1 },
    ...{ provider: 'openai', metadata: {} },
    ...changes,
  };
}

const names = fc.constantFrom(
  'a',
  'b',
  '__proto__',
  'constructor',
  '',
  '<script>',
  'other',
  'none',
);
const anyBatch = fc
  .record(
    {
      ago: fc.integer({ min: 0, max: 12 * DAY }),
      isOpen: fc.boolean(),
      cost: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: null }),
      estimatedCost: fc.double({ min: 0, max: 1e6, noNaN: true }),
      attempts: fc.nat(2),
      provider: fc.oneof(names, fc.string({ maxLength: 2 })),
      model: fc.oneof(names, fc.string({ maxLength: 2 })),
      tenant: names,
      metadata: fc.dictionary(names, fc.string({ maxLength: 2 }), { noNullPrototype: true }),
    },
    { requiredKeys: ['ago', 'isOpen', 'cost', 'attempts', 'provider', 'metadata'] },
  )
  .map(({ ago, isOpen, ...rest }): SpentBatch => {
    if (isOpen) return { ...rest, status: 'running' };
    return { ...rest, status: 'completed', endedAt: new Date(NOW - ago).toISOString() };
  });
const anyBy = fc.oneof(
  fc.constantFrom<SpendBy>({ kind: 'provider' }, { kind: 'model' }, { kind: 'tenant' }),
  names.map((key): SpendBy => ({ kind: 'metadata', key })),
);

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

describe('what batches have cost', () => {
  it('is neither lost nor counted twice, however it is split', () => {
    fc.assert(
      fc.property(fc.array(anyBatch, { maxLength: 60 }), anyBy, (batches, by) => {
        const period = periodOf(7, NOW);
        const { days, groups, total, open } = spendOf(batches, period, by);
        const ended = batches.filter(
          ({ endedAt }) => endedAt !== undefined && Date.parse(endedAt) >= period.since,
        );
        const known = sum(ended.map(({ cost }) => cost ?? 0));
        expect(sum(total.costs)).toBeCloseTo(known, 3);
        expect(sum(days.flatMap(({ costs }) => costs))).toBeCloseTo(known, 3);
        expect(sum(days.map((day) => day.ended))).toBe(ended.length);
        expect(total.ended).toBe(ended.length);
        expect(total.unknown).toBe(ended.filter(({ cost }) => cost === null).length);
        expect(open.batches).toBe(batches.filter(({ endedAt }) => endedAt === undefined).length);
        expect(groups.length).toBeLessThanOrEqual(MAX_GROUPS);
        for (const { costs } of [...days, total]) expect(costs).toHaveLength(groups.length);
      }),
    );
  });

  it('counts on the UTC day of the end', () => {
    const ends = [
      '2026-11-24T23:59:59.999Z',
      '2026-11-25T00:00:00.000Z',
      '2026-11-30T23:59:59.999Z',
    ];
    const batches = ends.map((endedAt) => batch({ endedAt }));
    const { days } = spendOf(batches, periodOf(7, NOW), { kind: 'provider' });
    expect(days.map(({ day, costs }) => [day, sum(costs)])).toEqual([
      ['2026-11-25', 1],
      ...[26, 27, 28, 29].map((day) => [`2026-11-${day}`, 0]),
      ['2026-11-30', 1],
      ['2026-12-01', 0],
    ]);
  });

  it('has a group for the dearest values, and one for all others', () => {
    const batches = Array.from({ length: 20 }, (_, index) =>
      batch({ cost: index, metadata: { team: `t${index}` } }),
    );
    const { groups, total } = spendOf(batches, periodOf(7, NOW), { kind: 'metadata', key: 'team' });
    expect(groups).toHaveLength(MAX_GROUPS);
    expect(groups[0]).toEqual({ name: 't19', kind: 'named' });
    expect(groups.at(-1)).toEqual({ name: '', kind: 'other' });
    expect(total.costs.at(-1)).toBe(sum([0, 1, 2, 3, 4, 5, 6, 7, 8]));
  });

  it('tells a value from the lack of one, whatever its name', () => {
    const batches = [
      batch({ cost: 3, metadata: Object.fromEntries([['__proto__', 'x']]) }),
      batch({ cost: 2 }),
    ];
    const { groups, total } = spendOf(batches, periodOf(7, NOW), {
      ...{ kind: 'metadata', key: '__proto__' },
    });
    expect(groups).toEqual([
      { name: 'x', kind: 'named' },
      { name: '', kind: 'none' },
    ]);
    expect(total.costs).toEqual([3, 2]);
    expect(metadataKeys(batches, periodOf(7, NOW))).toEqual(['__proto__']);
  });

  it('compares only batches with a job, an estimate and a cost', () => {
    const batches = [
      batch({ cost: 2, estimatedCost: 5 }),
      batch({ cost: 0, estimatedCost: 5, attempts: 0 }),
      batch({ cost: null, estimatedCost: 5 }),
      batch({ cost: 1 }),
    ];
    const { total } = spendOf(batches, periodOf(7, NOW), { kind: 'provider' });
    expect(total.compared).toEqual({ batches: 1, estimated: 5, actual: 2 });
  });

  it('of open batches counts on no day', () => {
    const { endedAt: _, ...open } = batch({ status: 'retrying', cost: 4 });
    const spend = spendOf([open], periodOf(7, NOW), { kind: 'provider' });
    expect(spend.total.ended).toBe(0);
    expect(spend.open).toEqual({ batches: 1, cost: 4, unknown: 0 });
  });
});
