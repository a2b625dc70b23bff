import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import {
  isUnavailable,
  type ProviderState,
  withAcceptance,
  withBlock,
  withCooldown,
} from '../../../shared/quota/providerState.ts';
import { NOW } from '../../support/given.ts';

const free: ProviderState = { schemaVersion: 1, provider: 'openai', version: 0 };
const reason = { code: 'token_limit_exceeded', message: 'full' };
const cooling = withCooldown(free, reason, DEFAULT_POLICY, NOW);

describe('a provider that refuses for quota', () => {
  it('cools down for a minute, then for two', () => {
    expect(cooling.hold).toEqual({ kind: 'quota', reason, until: NOW + 60_000, refusals: 1 });
    const again = withCooldown(cooling, reason, DEFAULT_POLICY, NOW + 60_000);
    expect(again.hold).toMatchObject({ until: NOW + 180_000, refusals: 2 });
  });

  it('cools down once for calls that were under way at its first refusal', () => {
    expect(withCooldown(cooling, reason, DEFAULT_POLICY, NOW + 1)).toBe(cooling);
  });

  it('is blocked for longer if it then refuses our account', () => {
    const blocked = withBlock(cooling, reason, DEFAULT_POLICY, NOW + 1);
    expect(blocked.hold).toMatchObject({ kind: 'account', until: NOW + 1 + 600_000, refusals: 2 });
  });

  it('is free after an accepted job, but only once the cooldown has run out', () => {
    expect(isUnavailable(cooling, NOW + 59_999)).toBe(true);
    expect(withAcceptance(cooling, NOW + 59_999)).toBe(cooling);
    expect(withAcceptance(cooling, NOW + 60_000)).toEqual(free);
    expect(withAcceptance(free, NOW)).toBe(free);
    expect(isUnavailable(free, NOW)).toBe(false);
  });
});
