import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import { isUnavailable, withAccountRefusal } from '../../../shared/quota/hold.ts';
import { UNKNOWN_LIMIT } from '../../../shared/quota/learnedLimit.ts';
import {
  applyProviderCommand,
  learnedLimit,
  type ProviderState,
  withAcceptedJobs,
  withRefusedJob,
} from '../../../shared/quota/providerState.ts';
import { NOW } from '../../support/given.ts';

const free: ProviderState = { schemaVersion: 1, provider: 'openai', version: 0 };
const reason = { code: 'rate_limit_exceeded', message: 'too many requests' };
const job = { model: 'm', tokens: 100, requests: 4, beside: { tokens: 0, accepted: 0 } };
const refused = (state: ProviderState, at: number, why: typeof reason = reason) =>
  withRefusedJob(state, { ...job, reason: why }, DEFAULT_POLICY, at);
const cooling = refused(free, NOW);
const accepted = (state: ProviderState, at: number, submittedAt = at) =>
  withAcceptedJobs(state, [{ batchId: 'b1', model: 'm', tokens: 100, submittedAt }], at);

describe('a provider that refuses for quota and names no model', () => {
  it('cools down for a minute, then for two', () => {
    expect(cooling.hold).toEqual({
      ...{ kind: 'quota', reason, refusals: 1 },
      ...{ since: NOW, until: NOW + 60_000 },
    });
    expect(refused(cooling, NOW + 60_000).hold).toMatchObject({
      until: NOW + 180_000,
      refusals: 2,
    });
  });

  it('cools down once for calls that were under way at its first refusal', () => {
    expect(refused(cooling, NOW + 1).hold).toBe(cooling.hold);
  });

  it('is blocked for longer if it then refuses our account', () => {
    const blocked = withAccountRefusal(cooling, { reason }, DEFAULT_POLICY.accountBackoff, NOW + 1);
    expect(blocked.hold).toMatchObject({ kind: 'account', until: NOW + 1 + 600_000, refusals: 2 });
    expect(refused(blocked, NOW + 2).hold).toMatchObject({ kind: 'quota', refusals: 3 });
  });

  it('is free after an accepted job, but only once the cooldown has run out', () => {
    expect(isUnavailable(cooling, NOW + 59_999)).toBe(true);
    expect(accepted(cooling, NOW + 59_999).hold).toBe(cooling.hold);
    expect(accepted(cooling, NOW + 60_000).hold).toBeUndefined();
    expect(isUnavailable(free, NOW)).toBe(false);
  });

  it('splits nothing for its first refusal of a lone job, which calls in a row may have caused', () => {
    expect(learnedLimit(cooling, 'm', NOW).jobTokens).toBeUndefined();
    expect(learnedLimit(refused(cooling, NOW + 60_000), 'm', NOW).jobTokens).toBe(50);
  });
});

describe('a provider that refuses for a quota of the model', () => {
  const full = { ...reason, quota: { of: 'tokens', limit: 1_000 } } as typeof reason;
  const known = refused(free, NOW, full);
  const ofModel = (state: ProviderState, at = NOW) => learnedLimit(state, 'm', at);

  it('cools down for this model alone', () => {
    expect(known.hold).toBeUndefined();
    expect(ofModel(known).cooldown).toMatchObject({ until: NOW + 60_000, refusals: 1 });
    expect(learnedLimit(known, 'n', NOW).cooldown).toBeUndefined();
  });

  it('cools down for longer with each refusal in a row, up to an hour', () => {
    let state = free;
    let at = NOW;
    const waits: number[] = [];
    for (let refusals = 0; refusals < 8; refusals++) {
      state = refused(state, at, full);
      const { until = 0 } = ofModel(state, at).cooldown ?? {};
      waits.push((until - at) / 60_000);
      at = until;
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  });

  it('is free once it has accepted a job that was sent after the refusal', () => {
    expect(ofModel(accepted(known, NOW + 9, NOW - 1)).cooldown).toBeDefined();
    expect(ofModel(accepted(known, NOW + 9, NOW + 1)).cooldown).toBeUndefined();
    expect(ofModel(accepted(known, NOW + 60_000, NOW - 1)).cooldown).toBeUndefined();
  });

  it('is free, and its limit unknown, after a resume, and not after a pause', () => {
    const command = { sentAt: NOW, messageId: 'm1' };
    const paused = applyProviderCommand(known, { ...command, action: 'pause' });
    expect(ofModel(paused)).toEqual(ofModel(known));
    const resumed = applyProviderCommand(known, { ...command, action: 'resume' });
    expect(resumed.ceilings).toBeUndefined();
  });

  it.each(['constructor', 'toString', '__proto__'])(
    'knows nothing of a model named %s before its first refusal',
    (model) => {
      expect(learnedLimit(known, model, NOW)).toBe(UNKNOWN_LIMIT);
    },
  );
});
