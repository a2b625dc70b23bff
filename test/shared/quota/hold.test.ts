import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import {
  type AcceptedWork,
  type BlockingJob,
  exclusionOf,
  exclusionsAt,
  isBlocked,
  MAX_EXCLUSIONS,
  mayTryBlocked,
  refusesCalls,
  withAcceptance,
  withAccountRefusal,
  withTried,
} from '../../../shared/quota/hold.ts';
import type { ProviderState } from '../../../shared/quota/providerState.ts';
import { NOW } from '../../support/given.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const reason = { code: 'access_denied', message: 'no' };
const fresh: ProviderState = { schemaVersion: 1, provider: 'openai', version: 0 };
const job: BlockingJob = { batchId: 'b1', model: 'm', seenIn: 'job' };
const work: AcceptedWork = { batchId: 'b2', model: 'n', submittedAt: NOW + 1, seenIn: 'job' };

const refuse = (state: ProviderState, refused?: BlockingJob, at = NOW) =>
  withAccountRefusal(state, { reason, job: refused }, DEFAULT_POLICY.accountBackoff, at);
const accept = (state: ProviderState, accepted: Partial<AcceptedWork> = {}, at = NOW + MINUTE) =>
  withAcceptance(state, { ...work, ...accepted }, at);

const blocked = refuse(fresh, job);

describe('a block that one job began', () => {
  it.each([
    ['of another model narrows it to the model', {}, true],
    ['of the same model narrows it to the batch', { model: 'm' }, false],
  ])('ends when a later job is accepted: one %s', (_, accepted, isWholeModel) => {
    const narrowed = accept(blocked, accepted);
    expect(isBlocked(narrowed, NOW + MINUTE)).toBe(false);
    const waits = (batchId: string, model: string) =>
      exclusionOf(narrowed, { batchId, model }, NOW + MINUTE) !== undefined;
    expect(waits('b1', 'm')).toBe(true);
    expect(waits('b3', 'm')).toBe(isWholeModel);
    expect(waits('b3', 'n')).toBe(false);
    expect(exclusionsAt(narrowed, NOW + 5 * MINUTE)).toEqual([]);
  });

  it('ends without a trace when the same batch is accepted later', () => {
    expect(accept(blocked, { batchId: 'b1', model: 'm' })).toEqual(fresh);
  });

  it('stays after the acceptance of a job that was submitted before it began', () => {
    expect(accept(blocked, { submittedAt: NOW })).toBe(blocked);
    expect(accept(blocked, { submittedAt: NOW }, NOW + HOUR)).toBe(blocked);
  });

  it('in rows is disproved by rows alone', () => {
    const inRows = refuse(fresh, { ...job, seenIn: 'rows' });
    expect(accept(inRows)).toBe(inRows);
    expect(accept(inRows, { seenIn: 'rows' }).hold).toBeUndefined();
  });

  it('is one of all calls once another call is refused, and stays that', () => {
    expect(refusesCalls(blocked, NOW)).toBe(false);
    const ofAll = refuse(blocked, undefined, NOW + 1);
    expect(refusesCalls(ofAll, NOW + 1)).toBe(true);
    expect(ofAll.hold?.until).toBe(blocked.hold?.until);
    expect(accept(ofAll)).toBe(ofAll);
    expect(accept(ofAll, {}, NOW + HOUR)).toEqual(fresh);
    expect(refuse(ofAll, job, NOW + 1)).toBe(ofAll);
  });

  it('of a version that noted no time is forgotten once it has run out', () => {
    const old = {
      ...fresh,
      hold: { kind: 'account', reason, until: NOW + 1, refusals: 1 },
    } as const;
    expect(accept(old, {}, NOW)).toBe(old);
    expect(accept(old, {}, NOW + 1)).toEqual(fresh);
  });
});

describe('what is tried during a block', () => {
  it('is one batch each of two models, not the refused batch', () => {
    expect(mayTryBlocked(blocked)).toBe(true);
    expect(mayTryBlocked(blocked, { batchId: 'b1', model: 'm' })).toBe(false);
    expect(mayTryBlocked(blocked, { batchId: 'b2', model: 'm' })).toBe(true);
    const once = withTried(blocked, ['n'], NOW);
    expect(mayTryBlocked(once, { batchId: 'b3', model: 'n' })).toBe(false);
    expect(mayTryBlocked(once, { batchId: 'b3' })).toBe(true);
    expect(mayTryBlocked(withTried(once, ['o'], NOW))).toBe(false);
  });

  it('is nothing while all calls, or rows, are refused', () => {
    expect(mayTryBlocked(refuse(fresh))).toBe(false);
    expect(mayTryBlocked(refuse(fresh, { ...job, seenIn: 'rows' }))).toBe(false);
    expect(mayTryBlocked(fresh)).toBe(false);
  });

  it('is noted during a block only', () => {
    expect(withTried(fresh, ['n'], NOW)).toBe(fresh);
    expect(withTried(blocked, ['n'], NOW + HOUR)).toBe(blocked);
  });
});

describe('a model that is refused by itself', () => {
  const narrowed = accept(blocked);

  it('waits longer with each refusal in a row, and blocks nothing else', () => {
    let state = narrowed;
    const waits: number[] = [];
    for (let refusals = 0; refusals < 5; refusals++) {
      const at = state.exclusions?.[0]?.until ?? 0;
      state = refuse(state, { ...job, batchId: `b${refusals}` }, at);
      expect(refuse(state, job, at + 1)).toBe(state);
      waits.push(((state.exclusions?.[0]?.until ?? 0) - at) / MINUTE);
    }
    expect(waits).toEqual([10, 20, 40, 60, 60]);
    expect(state.hold).toBeUndefined();
  });

  it('is remembered for a day after its wait', () => {
    const until = NOW + 5 * MINUTE;
    expect(refuse(narrowed, job, until + 24 * HOUR - 1).hold).toBeUndefined();
    expect(refuse(narrowed, job, until + 24 * HOUR).hold).toMatchObject({ refusals: 1 });
  });

  it('is only one batch if another of the model is accepted, and nothing if itself is', () => {
    const oneBatch = accept(narrowed, { model: 'm' });
    expect(oneBatch.exclusions).toMatchObject([{ isWholeModel: false }]);
    expect(exclusionOf(oneBatch, { batchId: 'b3', model: 'm' }, NOW)).toBeUndefined();
    expect(accept(narrowed, { model: 'm', batchId: 'b1' }).exclusions).toEqual([]);
    expect(accept(narrowed, { model: 'm', submittedAt: NOW })).toBe(narrowed);
  });

  it('is one of so many that a state remembers, the latest ones', () => {
    let state: ProviderState = fresh;
    for (let number = 0; number <= MAX_EXCLUSIONS; number++)
      state = accept(refuse(state, { ...job, model: `m${number}` }));
    expect(state.exclusions).toHaveLength(MAX_EXCLUSIONS);
    expect(state.exclusions?.[0]?.job.model).toBe('m1');
  });
});
