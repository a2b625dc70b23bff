import { describe, expect, it } from 'vitest';
import {
  lowerTokenLimit,
  maxPending,
  raiseTokenLimit,
  type TokenLimit,
  UNKNOWN_TOKEN_LIMIT,
} from '../../../shared/quota/tokenLimit.ts';

const times = (count: number, ceiling: TokenLimit, tokens = 10): TokenLimit =>
  Array.from({ length: count }).reduce<TokenLimit>(
    (each) => raiseTokenLimit(each, tokens),
    ceiling,
  );
const FULL = lowerTokenLimit(UNKNOWN_TOKEN_LIMIT, 70, false);

describe('the learned limit', () => {
  it('is unknown until a refusal, however much is accepted', () => {
    expect(times(5_000, UNKNOWN_TOKEN_LIMIT)).toMatchObject({ accepted: 5_000 });
    expect(times(5_000, UNKNOWN_TOKEN_LIMIT).tokens).toBeUndefined();
    expect(maxPending(UNKNOWN_TOKEN_LIMIT)).toBe(8);
    expect(maxPending(times(100, UNKNOWN_TOKEN_LIMIT))).toBe(100);
  });

  it('falls to what was in flight, and starts probing again', () => {
    expect(FULL).toEqual({ tokens: 70, accepted: 0, probeAfter: 16, probed: false });
    expect(maxPending(lowerTokenLimit(times(100, UNKNOWN_TOKEN_LIMIT), 70, false))).toBe(8);
  });

  it('falls with each of several simultaneous refusals, and never rises with one', () => {
    expect(lowerTokenLimit(FULL, 50, true)).toMatchObject({ tokens: 50, probeAfter: 16 });
    expect(lowerTokenLimit(FULL, 90, true)).toMatchObject({ tokens: 70, probeAfter: 16 });
  });

  it('rises by one job after enough accepted ones', () => {
    expect(times(15, FULL).tokens).toBe(70);
    expect(times(16, FULL)).toEqual({ tokens: 80, accepted: 0, probeAfter: 16, probed: true });
  });

  it('is probed more rarely after each refused probe', () => {
    const again = lowerTokenLimit(times(16, FULL), 70, false);
    expect(again).toMatchObject({ tokens: 70, probeAfter: 32, probed: false });
    expect(times(31, again).tokens).toBe(70);
    expect(times(32, again).tokens).toBe(80);
    let rarest = FULL;
    for (let refusals = 0; refusals < 20; refusals++) rarest = lowerTokenLimit(rarest, 70, false);
    expect(rarest.probeAfter).toBe(1_024);
  });

  it('is probed more often after a probe that was not refused', () => {
    const rare = lowerTokenLimit(lowerTokenLimit(FULL, 70, false), 70, false);
    expect(rare.probeAfter).toBe(64);
    const tried = times(64, rare);
    expect(tried.probeAfter).toBe(64);
    expect(times(64, tried)).toMatchObject({ tokens: 90, probeAfter: 32 });
    expect(times(16, times(16, FULL))).toMatchObject({ tokens: 90, probeAfter: 16 });
  });
});
