import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import {
  hold,
  isHeld,
  isPaused,
  obey,
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
    const paused = obey(fresh, pause);
    expect(paused.lastCommand).toEqual(pause);
    expect(isPaused(paused)).toBe(true);
    expect(isPaused(obey(paused, resume))).toBe(false);
  });

  it('is the same in whatever order and however often the messages come', () => {
    const again: ProviderCommand = { action: 'pause', sentAt: NOW + 2, messageId: 'c' };
    const inOrder = [pause, resume, again].reduce(obey, fresh);
    for (const order of [
      [again, resume, pause],
      [resume, pause, again, pause, resume, again],
      [pause, again, again, resume],
    ])
      expect(order.reduce(obey, fresh)).toEqual(inOrder);
    expect(obey(inOrder, pause)).toBe(inOrder);
  });

  it('and a resume of the same millisecond end alike for every order', () => {
    const together = { ...resume, sentAt: NOW };
    expect(isPaused([pause, together].reduce(obey, fresh))).toBe(false);
    expect(isPaused([together, pause].reduce(obey, fresh))).toBe(false);
  });
});

describe('a hold', () => {
  const reason = { code: 'invalid_api_key', message: 'refused' };
  const held = hold(fresh, 'account', reason, DEFAULT_POLICY, NOW);

  it('outlives a pause', () => {
    expect(isHeld(obey(held, pause), NOW)).toBe(true);
  });

  it('ends with a resume, but not with one that comes again', () => {
    const resumed = obey(held, resume);
    expect(isHeld(resumed, NOW)).toBe(false);
    const heldAgain = hold(resumed, 'account', reason, DEFAULT_POLICY, NOW);
    expect(heldAgain.hold?.refusals).toBe(1);
    expect(isHeld(obey(heldAgain, resume), NOW)).toBe(true);
  });
});
