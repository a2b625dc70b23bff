import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WaitingHint } from '../../../shared/batch/ports.ts';
import { FairShare, type Shares, sharesSchema } from '../../../shared/quota/fairShare.ts';

const NOW = 1_800_000_000_000;

interface Batch {
  readonly tenant?: string | undefined;
  readonly model?: string | undefined;
  readonly tokens: number;
  readonly priority?: number;
  readonly at?: number;
}

let serial = 0;
function hint({ tenant, model = 'm', tokens, priority = 0, at = 0 }: Batch): WaitingHint {
  serial += 1;
  return {
    ...{ batchId: `b${String(serial).padStart(9, '0')}`, tenant, model, priority, requests: 1 },
    ...{ estimatedTokens: tokens, expected: { inputTokens: tokens, outputTokens: 0 } },
    ...{ createdAt: NOW + at, queuedAt: NOW + at, deadlineAt: NOW * 2 },
  };
}

/** A provider with room for a number of tokens in a sweep, in all or by model. */
function sweep(
  shares: Shares | undefined,
  waiting: WaitingHint[],
  room: number | Readonly<Record<string, number>>,
): { readonly started: WaitingHint[]; readonly shares: Shares | undefined } {
  const share = new FairShare(shares);
  share.note(waiting);
  const left = new Map(Object.entries(typeof room === 'number' ? { all: room } : room));
  const started: WaitingHint[] = [];
  share.inTurn(waiting, (batch) => {
    const place = typeof room === 'number' ? 'all' : (batch.model ?? '');
    const free = left.get(place) ?? 0;
    if (batch.estimatedTokens > free) return false;
    left.set(place, free - batch.estimatedTokens);
    started.push(batch);
    return true;
  });
  const next = share.shares();
  return { started, shares: next && sharesSchema.parse(JSON.parse(JSON.stringify(next))) };
}

/** Sweeps with the same room each, until nothing waits or `sweeps` are over. */
function sweeps(
  waiting: readonly WaitingHint[],
  room: Parameters<typeof sweep>[2],
  count: number,
): WaitingHint[][] {
  let shares: Shares | undefined;
  let left = [...waiting];
  return Array.from({ length: count }, () => {
    const done = sweep(shares, left, room);
    shares = done.shares;
    left = left.filter((batch) => !done.started.includes(batch));
    return done.started;
  });
}

const many = (count: number, batch: Batch) => Array.from({ length: count }, () => hint(batch));
const tokensOf = (batches: readonly WaitingHint[], tenant: string | undefined, model?: string) =>
  batches
    .filter((each) => each.tenant === tenant && (model === undefined || each.model === model))
    .reduce((sum, { estimatedTokens }) => sum + estimatedTokens, 0);

describe('tenants of one provider', () => {
  it('get the same number of tokens, whoever came first and whoever has more', () => {
    const waiting = [
      ...many(1_000, { tenant: 'heavy', tokens: 10 }),
      ...many(100, { tokens: 10, at: 1 }),
      ...many(30, { tenant: 'light', tokens: 15, at: 2 }),
    ];
    const started = sweeps(waiting, 30, 40).flat();
    expect(tokensOf(started, 'light')).toBeGreaterThanOrEqual(300);
    expect(tokensOf(started, undefined)).toBeGreaterThanOrEqual(300);
    expect(tokensOf(started, 'heavy')).toBeGreaterThanOrEqual(300);
  });

  it('start their own oldest first', () => {
    const waiting = [
      hint({ tenant: 'a', tokens: 1, at: 0 }),
      hint({ tenant: 'a', tokens: 1, at: 1 }),
    ];
    expect(sweep(undefined, waiting, 1).started).toEqual([waiting[0]]);
  });

  it('come after everything of a higher priority', () => {
    const waiting = [
      ...many(5, { tenant: 'urgent', tokens: 10, priority: 1, at: 9 }),
      ...many(5, { tenant: 'patient', tokens: 10 }),
    ];
    const [first = [], second = []] = sweeps(waiting, 50, 2);
    expect(tokensOf(first, 'urgent')).toBe(50);
    expect(tokensOf(second, 'patient')).toBe(50);
  });

  it('share by what was granted in the sweeps before', () => {
    const waiting = [
      ...many(9, { tenant: 'a', tokens: 10 }),
      ...many(9, { tenant: 'b', tokens: 10 }),
    ];
    const order = sweeps(waiting, 10, 8).map(([batch]) => batch?.tenant);
    expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b']);
  });

  it('pay for a large batch, after the others had the same', () => {
    const waiting = [
      hint({ tenant: 'large', tokens: 100 }),
      ...many(9, { tenant: 'large', tokens: 10, at: 1 }),
      ...many(30, { tenant: 'small', tokens: 10, at: 1 }),
    ];
    const [first = [], ...rest] = sweeps(waiting, 100, 3);
    expect(tokensOf(first, 'large')).toBe(100);
    expect(tokensOf(rest[0] ?? [], 'small')).toBe(100);
    expect(tokensOf(rest[1] ?? [], 'small')).toBe(50);
  });

  it('of which one is alone get everything, and are not behind afterwards', () => {
    const alone = sweep(undefined, many(50, { tenant: 'a', tokens: 10 }), 300);
    expect(alone.started).toHaveLength(30);
    expect(alone.shares).toBeUndefined();
  });

  it('save nothing up while they have no batch', () => {
    let { shares } = sweep(
      undefined,
      [...many(9, { tenant: 'a', tokens: 10 }), hint({ tenant: 'b', tokens: 10 })],
      20,
    );
    for (let n = 0; n < 20; n++)
      ({ shares } = sweep(shares, many(9, { tenant: 'a', tokens: 10 }), 50));
    const both = [...many(9, { tenant: 'a', tokens: 10 }), ...many(9, { tenant: 'b', tokens: 10 })];
    const { started } = sweep(shares, both, 80);
    expect(tokensOf(started, 'a')).toBe(40);
  });

  it('save up little while theirs do not fit', () => {
    let shares: Shares | undefined;
    const stuck = hint({ tenant: 'stuck', tokens: 1_000 });
    for (let n = 0; n < 100; n++)
      ({ shares } = sweep(shares, [stuck, ...many(9, { tenant: 'a', tokens: 10 })], 90));
    expect(Math.max(...(shares?.grants.map(({ tokens }) => tokens) ?? []))).toBe(2_000);
  });

  it('get their share of a model of which another tenant has much more, and much of another model', () => {
    const waiting = [
      ...many(500, { tenant: 'a', model: 'x', tokens: 10 }),
      ...many(50, { tenant: 'a', model: 'y', tokens: 10, at: 1 }),
      ...many(500, { tenant: 'b', model: 'y', tokens: 10 }),
    ];
    const started = sweeps(waiting, { x: 100, y: 20 }, 20).flat();
    expect(tokensOf(started, 'a', 'x')).toBe(2_000);
    expect(tokensOf(started, 'a', 'y')).toBe(200);
    expect(tokensOf(started, 'b', 'y')).toBe(200);
  });

  it('share what the provider has room for, also with different models', () => {
    const waiting = [
      ...many(500, { tenant: 'a', model: 'x', tokens: 10 }),
      ...many(500, { tenant: 'b', model: 'y', tokens: 10, at: 1 }),
    ];
    const started = sweeps(waiting, 40, 10).flat();
    expect(tokensOf(started, 'b')).toBe(200);
  });

  it('take turns with batches of which no size is known', () => {
    const waiting = [
      ...many(9, { tenant: 'a', tokens: 0 }),
      ...many(9, { tenant: 'b', tokens: 0 }),
    ];
    const share = new FairShare();
    const tried: (string | undefined)[] = [];
    share.inTurn(waiting, ({ tenant }) => {
      tried.push(tenant);
      return true;
    });
    expect(tried.slice(0, 4)).toEqual(['a', 'b', 'a', 'b']);
  });

  it('may have any name, and be any number', () => {
    const names = ['__proto__', 'constructor', ...Array.from({ length: 500 }, (_, n) => `t${n}`)];
    const waiting = names.flatMap((tenant, n) => many(2, { tenant, tokens: 10 + n }));
    const { started, shares } = sweep(undefined, waiting, 30_000);
    expect(started[0]?.tenant).toBe('__proto__');
    expect(shares?.grants).toHaveLength(200);
  });
});

const tenants = fc.constantFrom(undefined, 'a', 'b', 'c');
const batches = fc.array(
  fc.record({
    tenant: tenants,
    model: fc.constantFrom('x', 'y', undefined),
    tokens: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 2_000 })),
    priority: fc.constantFrom(0, 0, 0, 7),
    at: fc.integer({ min: 0, max: 50 }),
  }),
  { maxLength: 60 },
);

describe('for any batches and any room', () => {
  it('no room is left for a batch that waits: each is tried once', () => {
    fc.assert(
      fc.property(batches, fc.integer({ min: 0, max: 4_000 }), (given, room) => {
        const waiting = given.map(hint);
        const { started } = sweep(undefined, waiting, room);
        const used = started.reduce((sum, { estimatedTokens }) => sum + estimatedTokens, 0);
        for (const batch of waiting)
          if (!started.includes(batch)) expect(batch.estimatedTokens).toBeGreaterThan(room - used);
        expect(new Set(started).size).toBe(started.length);
      }),
    );
  });

  it('no batch starts while one of higher priority waits that would have fitted', () => {
    fc.assert(
      fc.property(batches, fc.integer({ min: 0, max: 4_000 }), (given, room) => {
        const waiting = given.map(hint);
        const { started } = sweep(undefined, waiting, room);
        const order = started.map(({ priority }) => priority);
        expect(order).toEqual(order.toSorted((a, b) => b - a));
      }),
    );
  });

  it('two tenants that wait are never further apart than the largest batch, over any sweeps', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 30, maxLength: 60 });
    const rooms = fc.array(fc.integer({ min: 1_000, max: 5_000 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(sizes, { minLength: 2, maxLength: 4 }), rooms, (lines, sweepRooms) => {
        let waiting = lines.flatMap((line, n) =>
          line.map((tokens) => hint({ tenant: `t${n}`, tokens })),
        );
        const granted = new Map(lines.map((_, n) => [`t${n}`, 0]));
        let shares: Shares | undefined;
        for (const room of sweepRooms) {
          const share = new FairShare(shares);
          share.note(waiting);
          let left = room;
          const started = new Set<WaitingHint>();
          share.inTurn(waiting, (batch) => {
            // The first that does not fit ends the sweep, so that everybody who waits would fit.
            if (batch.estimatedTokens > left) left = 0;
            if (left === 0) return false;
            left -= batch.estimatedTokens;
            started.add(batch);
            const { tenant = '' } = batch;
            granted.set(tenant, (granted.get(tenant) ?? 0) + batch.estimatedTokens);
            const counts = [...granted.values()];
            expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1_000);
            return true;
          });
          shares = share.shares();
          waiting = waiting.filter((batch) => !started.has(batch));
          if (new Set(waiting.map(({ tenant }) => tenant)).size < lines.length) return;
        }
      }),
    );
  });

  it('what is kept is bounded, and can be read', () => {
    fc.assert(
      fc.property(batches, fc.array(fc.integer({ min: 0, max: 4_000 })), (given, rooms) => {
        let waiting = given.map(hint);
        let shares: Shares | undefined;
        for (const room of rooms) {
          const done = sweep(shares, waiting, room);
          shares = done.shares;
          waiting = waiting.filter((batch) => !done.started.includes(batch));
          for (const { tokens } of shares?.grants ?? [])
            expect(tokens).toBeLessThanOrEqual(2 * (shares?.largest ?? 0));
          if (waiting.length === 0) expect(shares).toBeUndefined();
        }
      }),
    );
  });
});
