import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import {
  holdProviderState,
  isUnavailable,
  type ProviderState,
  release,
} from '../../../shared/quota/providerState.ts';
import { NOW } from '../../support/given.ts';

const free: ProviderState = { schemaVersion: 1, provider: 'openai', version: 0 };
const reason = { code: 'token_limit_exceeded', message: 'full' };
const held = holdProviderState(free, 'quota', reason, DEFAULT_POLICY, NOW);

describe('holds', () => {
  it('keep a full provider from being started on for a minute, then for two', () => {
    expect(held.hold).toEqual({ kind: 'quota', reason, until: NOW + 60_000, refusals: 1 });
    const again = holdProviderState(held, 'quota', reason, DEFAULT_POLICY, NOW + 60_000);
    expect(again.hold).toMatchObject({ until: NOW + 180_000, refusals: 2 });
  });

  it('count refusals that were under way when the hold began once', () => {
    expect(holdProviderState(held, 'quota', reason, DEFAULT_POLICY, NOW + 1)).toBe(held);
  });

  it('pause a provider that refuses our account for longer, over a hold for quota', () => {
    const paused = holdProviderState(held, 'account', reason, DEFAULT_POLICY, NOW + 1);
    expect(paused.hold).toMatchObject({ kind: 'account', until: NOW + 1 + 600_000, refusals: 2 });
  });

  it('end with a success, but only once they have run out', () => {
    expect(isUnavailable(held, NOW + 59_999)).toBe(true);
    expect(release(held, NOW + 59_999)).toBe(held);
    expect(release(held, NOW + 60_000)).toEqual(free);
    expect(release(free, NOW)).toBe(free);
    expect(isUnavailable(free, NOW)).toBe(false);
  });
});
