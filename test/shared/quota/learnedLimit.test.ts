import { describe, expect, it } from 'vitest';
import {
  coolDown,
  type LearnedLimit,
  limitAt,
  limitText,
  lowerLimit,
  maxPending,
  type RefusedJob,
  raiseLimit,
  UNKNOWN_LIMIT,
} from '../../../shared/quota/learnedLimit.ts';
import { NOW } from '../../support/given.ts';

const DAY = 24 * 60 * 60 * 1000;
const accept = (limit: LearnedLimit, tokens = 10, at = NOW) =>
  raiseLimit(limit, { tokens, submittedAt: at }, at);
const times = (count: number, limit: LearnedLimit, tokens = 10): LearnedLimit =>
  Array.from({ length: count }).reduce<LearnedLimit>((each) => accept(each, tokens), limit);
const refuse = (limit: LearnedLimit, job: Partial<RefusedJob> = {}, at = NOW) =>
  lowerLimit(
    limit,
    {
      ...{ tokens: 10, requests: 4, isRepeated: false, isInRow: false },
      beside: { tokens: 70, accepted: 70 },
      ...job,
    },
    at,
  );
const ALONE = { beside: { tokens: 0, accepted: 0 } };
const TOKENS = { of: 'tokens' } as const;
const FULL = refuse(UNKNOWN_LIMIT);

describe('the learned limit, if the provider does not state it', () => {
  it('is unknown until a refusal, however much is accepted', () => {
    expect(times(5_000, UNKNOWN_LIMIT)).toMatchObject({ accepted: 5_000 });
    expect(times(5_000, UNKNOWN_LIMIT).tokens).toBeUndefined();
    expect(maxPending(UNKNOWN_LIMIT)).toBe(8);
    expect(maxPending(times(100, UNKNOWN_LIMIT))).toBe(100);
    expect(limitText(UNKNOWN_LIMIT)).toBeUndefined();
  });

  it('falls to half way between what was in flight and that with the refused job', () => {
    expect(FULL).toMatchObject({ tokens: 75, accepted: 0, probeAfter: 16, probed: false });
    expect(FULL.jobTokens).toBeUndefined();
    expect(maxPending(refuse(times(100, UNKNOWN_LIMIT)))).toBe(8);
    expect(limitText(FULL)).toBe('about 75 enqueued tokens');
  });

  it('falls with each of several simultaneous refusals, and never rises with one', () => {
    const fewer = { beside: { tokens: 50, accepted: 0 }, isRepeated: true };
    expect(refuse(FULL, fewer)).toMatchObject({ tokens: 55, probeAfter: 16 });
    const more = { beside: { tokens: 90, accepted: 0 }, isRepeated: true };
    expect(refuse(FULL, more)).toMatchObject({ tokens: 75, probeAfter: 16 });
  });

  it('is never below what the provider has accepted', () => {
    const low = refuse(FULL, { beside: { tokens: 20, accepted: 20 }, tokens: 2 });
    expect(low.tokens).toBe(21);
    expect(refuse(low, { beside: { tokens: 60, accepted: 60 } }).tokens).toBe(60);
    const small = accept(UNKNOWN_LIMIT, 40);
    expect(refuse(small, { ...ALONE, tokens: 50, quota: TOKENS }).jobTokens).toBe(40);
  });

  it('is halved by the refusal of a lone job that says so, or by the second one in a row', () => {
    expect(refuse(UNKNOWN_LIMIT, { ...ALONE, tokens: 100, quota: TOKENS })).toMatchObject({
      tokens: 50,
      jobTokens: 50,
    });
    const unsaid = refuse(UNKNOWN_LIMIT, { ...ALONE, tokens: 100 });
    expect(unsaid.tokens).toBeUndefined();
    expect(refuse(unsaid, { ...ALONE, tokens: 100, isInRow: true }).jobTokens).toBe(50);
    const together = { ...ALONE, tokens: 100, isInRow: true, isRepeated: true };
    expect(refuse(unsaid, together).jobTokens).toBeUndefined();
  });

  it('is halved six times at most, and never for a single request', () => {
    let limit = UNKNOWN_LIMIT;
    for (let tokens = 6_400; tokens > 1; tokens /= 2)
      limit = refuse(limit, { ...ALONE, tokens, quota: TOKENS });
    expect(limit.jobTokens).toBe(100);
    const single = refuse(UNKNOWN_LIMIT, { ...ALONE, requests: 1, quota: TOKENS });
    expect(single).toMatchObject({ accepted: 0 });
    expect(single.jobTokens).toBeUndefined();
  });

  it('grows with every accepted job after the refusal of a lone one', () => {
    const alone = refuse(UNKNOWN_LIMIT, { ...ALONE, tokens: 100, quota: TOKENS });
    expect(times(3, alone, 40).tokens).toBe(170);
    expect(accept(alone, 60).jobTokens).toBe(60);
  });

  it('rises by one job after enough accepted ones', () => {
    expect(times(15, FULL).tokens).toBe(75);
    expect(times(16, FULL)).toMatchObject({
      tokens: 85,
      accepted: 0,
      probeAfter: 16,
      probed: true,
    });
  });

  it('is probed more rarely after each refused probe', () => {
    const again = refuse(times(16, FULL));
    expect(again).toMatchObject({ tokens: 75, probeAfter: 32, probed: false });
    expect(times(31, again).tokens).toBe(75);
    expect(times(32, again).tokens).toBe(85);
    let rarest = FULL;
    for (let refusals = 0; refusals < 20; refusals++) rarest = refuse(rarest);
    expect(rarest.probeAfter).toBe(1_024);
  });

  it('is probed more often after a probe that was not refused', () => {
    const rare = refuse(refuse(FULL));
    expect(rare.probeAfter).toBe(64);
    const tried = times(64, rare);
    expect(tried.probeAfter).toBe(64);
    expect(times(64, tried)).toMatchObject({ tokens: 95, probeAfter: 32 });
  });

  it('doubles with each day without a refusal, and counts as unknown if its age is', () => {
    const at = (days: number) => limitAt(FULL, NOW + days * DAY);
    expect(at(0.99)).toEqual(FULL);
    expect(at(1).tokens).toBe(150);
    expect(at(3.5)).toMatchObject({ tokens: 600, steadySince: NOW + 3 * DAY });
    expect(limitAt(at(1), NOW + 2 * DAY).tokens).toBe(300);
    const { steadySince: _, ...old } = { ...FULL, tokens: 0, accepted: 3 };
    expect(limitAt(old, NOW)).toEqual({ ...UNKNOWN_LIMIT, accepted: 3 });
  });
});

describe('the learned limit, if the provider states it', () => {
  const stated = (of: 'tokens' | 'requests', limit = 1_000) => ({ of, limit });
  const job = { ...ALONE, tokens: 3_000, quota: stated('tokens') };
  const known = refuse(UNKNOWN_LIMIT, job);

  it('is that of the refusal, with a margin for tokens', () => {
    expect(known).toMatchObject({ tokens: 900, jobTokens: 900, statedTokens: 1_000 });
    expect(limitText(known)).toBe('about 900 enqueued tokens (the provider says 1,000)');
    const requests = refuse(UNKNOWN_LIMIT, { quota: stated('requests') });
    expect(requests.requests).toBe(1_000);
    expect(limitText(requests)).toBe('1,000 enqueued requests');
    expect(limitText({ ...known, requests: 5 })).toContain('tokens and 5 enqueued requests');
  });

  it('is corrected when a job that should fit is refused again, down to an eighth', () => {
    const again = { ...job, tokens: 900, isInRow: true };
    expect(refuse(known, { ...again, tokens: 901 }).tokens).toBe(900);
    expect(refuse(known, { ...again, isInRow: false }).tokens).toBe(900);
    expect(refuse(known, { ...again, isRepeated: true }).tokens).toBe(900);
    expect(refuse(known, again)).toMatchObject({ tokens: 450, jobTokens: 450 });
    let lowest = known;
    for (let refusals = 0; refusals < 20; refusals++)
      lowest = refuse(lowest, { ...again, tokens: 1 });
    expect(lowest.tokens).toBe(900 / 8);
    expect(refuse(lowest, { ...job, quota: stated('tokens', 2_000) }).tokens).toBe(1_800);
  });

  it('is not probed, since it is known, and never below what was accepted', () => {
    expect(times(100, known).tokens).toBe(900);
    const beside = { tokens: 960, accepted: 950 };
    expect(refuse(known, { ...job, beside }).tokens).toBe(950);
  });
});

describe('a cooldown', () => {
  it('keeps the smallest job that was refused since one was accepted', () => {
    const reason = { code: 'c', message: 'm' };
    const backoff = { baseSeconds: 60, capSeconds: 3600 };
    const first = coolDown(UNKNOWN_LIMIT, { tokens: 100, reason }, backoff, NOW);
    const second = coolDown(first, { tokens: 40, reason }, backoff, NOW + 1);
    expect(second.cooldown).toMatchObject({ until: NOW + 60_000, refusals: 1, tokens: 40 });
    const third = coolDown(second, { tokens: 90, reason }, backoff, NOW + 60_000);
    expect(third.cooldown).toMatchObject({ until: NOW + 180_000, refusals: 2, tokens: 40 });
  });
});
