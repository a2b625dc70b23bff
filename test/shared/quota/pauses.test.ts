import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import { isUnavailable, withAccountRefusal } from '../../../shared/quota/hold.ts';
import {
  applyProviderCommand,
  isPaused,
  type ProviderCommand,
  type ProviderState,
} from '../../../shared/quota/providerState.ts';
import { NOW } from '../../support/given.ts';

const fresh: ProviderState = { schemaVersion: 1, provider: 'openai', version: 0 };
const pause: ProviderCommand = { action: 'pause', sentAt: NOW, messageId: 'a', reason: 'costs' };
const resume: ProviderCommand = { action: 'resume', sentAt: NOW + 1, messageId: 'b' };

describe('a pause', () => {
  it('stands until a resume that was sent later', () => {
    expect(isPaused(fresh)).toBe(false);
    const paused = applyProviderCommand(fresh, pause);
    expect(paused.lastCommand).toEqual(pause);
    expect(isPaused(paused)).toBe(true);
    expect(isPaused(applyProviderCommand(paused, resume))).toBe(false);
  });

  it('does not depend on the order and number of deliveries', () => {
    const again: ProviderCommand = { action: 'pause', sentAt: NOW + 2, messageId: 'c' };
    const inOrder = [pause, resume, again].reduce(applyProviderCommand, fresh);
    for (const order of [
      [again, resume, pause],
      [resume, pause, again, pause, resume, again],
      [pause, again, again, resume],
    ])
      expect(order.reduce(applyProviderCommand, fresh)).toEqual(inOrder);
    expect(applyProviderCommand(inOrder, pause)).toBe(inOrder);
  });

  it('and a resume of the same millisecond have the same result in any order', () => {
    const together = { ...resume, sentAt: NOW };
    expect(isPaused([pause, together].reduce(applyProviderCommand, fresh))).toBe(false);
    expect(isPaused([together, pause].reduce(applyProviderCommand, fresh))).toBe(false);
  });
});

describe('a block', () => {
  const reason = { code: 'invalid_api_key', message: 'refused' };
  const blocked = withAccountRefusal(fresh, { reason }, DEFAULT_POLICY.accountBackoff, NOW);

  it('outlives a pause', () => {
    expect(isUnavailable(applyProviderCommand(blocked, pause), NOW)).toBe(true);
  });

  it('ends with a resume, but not with one that comes again', () => {
    const resumed = applyProviderCommand(blocked, resume);
    expect(isUnavailable(resumed, NOW)).toBe(false);
    const blockedAgain = withAccountRefusal(
      resumed,
      { reason },
      DEFAULT_POLICY.accountBackoff,
      NOW,
    );
    expect(blockedAgain.hold?.refusals).toBe(1);
    expect(isUnavailable(applyProviderCommand(blockedAgain, resume), NOW)).toBe(true);
  });
});
