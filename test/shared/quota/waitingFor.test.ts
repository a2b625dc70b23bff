import { describe, expect, it, test } from 'vitest';
import type { Limits } from '../../../shared/batch/job.ts';
import type { ActiveHint, WaitingHint } from '../../../shared/batch/ports.ts';
import type { Batch } from '../../../shared/batch/record.ts';
import { OPEN_STATUSES, STATUSES } from '../../../shared/batch/status.ts';
import type { ProviderState } from '../../../shared/quota/providerState.ts';
import { QueueView, type ReadQueue } from '../../../shared/quota/queueView.ts';
import type { EntryView } from '../../../shared/quota/queueWait.ts';
import type { TenantState } from '../../../shared/quota/tenantState.ts';
import { type World, waitingFor } from '../../../shared/quota/waitingFor.ts';
import { notableText } from '../../../shared/quota/waitingText.ts';
import { given, INPUT, LIVE, NOW, SLICES } from '../../support/given.ts';

const MINUTE = 60_000;
const old = {
  code: 'rate_limited',
  message: 'an earlier cause',
  at: NOW - 99 * MINUTE,
  attempt: 1,
};
const reason = { code: 'reset', message: 'connection reset' };
const fresh = { ...reason, at: NOW, attempt: 1 };

const state = (changes: Partial<ProviderState> = {}): ProviderState => ({
  ...{ schemaVersion: 1, provider: 'openai', version: 1 },
  ...changes,
});

interface Given {
  readonly state?: Partial<ProviderState>;
  readonly limits?: Partial<Limits>;
  readonly dailyBudget?: number;
  readonly waiting?: readonly WaitingHint[];
  readonly active?: readonly ActiveHint[];
  readonly isCut?: boolean;
  /** Queues of tenants. */
  readonly others?: readonly ReadQueue[];
  readonly parts?: readonly Batch[];
  /** What is kept of the tenant `research`. */
  readonly tenant?: TenantState;
}

function world(changes: Given = {}): World {
  const { waiting = [], active = [], isCut = false, parts, limits = {}, dailyBudget } = changes;
  const { others = [] } = changes;
  const queue = new QueueView([{ waiting, isCut }, ...others], active);
  const entry: EntryView = { state: state(changes.state), limits, dailyBudget, queue };
  return {
    ...{ now: NOW, maxDeliveries: 5, processorLog: '/aws/lambda/p' },
    entry: (name) => (name === 'openai' ? entry : undefined),
    tenant: (name) => (name === 'research' ? changes.tenant : undefined),
    parts: () => parts,
  };
}

const load = { model: 'm', requests: 10, estimatedTokens: 25 };
const expected = { inputTokens: 25, outputTokens: 0 };
const waitingHint = (batchId: string, changes: Partial<WaitingHint> = {}): WaitingHint => ({
  ...{ batchId, priority: 0, ...load, expected },
  ...{ createdAt: NOW, queuedAt: NOW, deadlineAt: NOW + 9 * MINUTE },
  ...changes,
});
const activeHint = (batchId: string, changes: Partial<ActiveHint> = {}): ActiveHint => ({
  ...{ batchId, ...load, expected, isPending: false },
  ...changes,
});
const textOf = (batch: Batch, changes?: Given) => waitingFor(batch, world(changes))?.text;

const hold = {
  ...{ kind: 'account' as const, reason: { code: 'invalid_api_key', message: 'Incorrect key' } },
  ...{ since: NOW - MINUTE, until: NOW + 4 * MINUTE, refusals: 2 },
};
const pause = {
  ...{ action: 'pause' as const, by: 'alice', reason: 'an incident' },
  ...{ sentAt: NOW - 5 * MINUTE, messageId: 'm1' },
};

test('every batch that has not ended waits for something, and no other does', () => {
  for (const status of STATUSES) {
    const isOpen = (OPEN_STATUSES as readonly string[]).includes(status);
    expect(waitingFor(given(status), world()) !== undefined, status).toBe(isOpen);
  }
});

test('the reason of an earlier attempt is never shown as the present cause', () => {
  for (const status of OPEN_STATUSES)
    for (const reasons of [[old], [{ ...reason, message: 'an earlier cause' }]]) {
      const batch = given(status, { reasons, failures: 1, statusAt: NOW - MINUTE });
      expect(JSON.stringify(waitingFor(batch, world())), status).not.toContain('earlier cause');
    }
});

describe('a queued batch', () => {
  const batch = given('queued', { reasons: [old] });

  it('is told who paused its provider, before anything else', () => {
    expect(waitingFor(batch, world({ state: { lastCommand: pause, hold } }))).toEqual({
      kind: 'paused',
      text: 'openai was paused by alice at 07:55:00Z: an incident',
      since: '2027-01-15T07:55:00.000Z',
      provider: 'openai',
      by: 'alice',
      reason: 'an incident',
    });
    const { by, reason: _, ...bare } = pause;
    expect(textOf(batch, { state: { lastCommand: bare } })).toBe(
      'openai was paused by a user at 07:55:00Z',
    );
    const resumed = { ...pause, action: 'resume' as const };
    expect(waitingFor(batch, world({ state: { lastCommand: resumed } }))?.kind).toBe('queue');
  });

  it('is told until when its provider is blocked, with its text, and nothing once that is over', () => {
    expect(waitingFor(batch, world({ state: { hold } }))).toEqual({
      kind: 'blocked',
      text: 'openai is blocked until 08:04:00Z: invalid_api_key: Incorrect key',
      since: '2027-01-15T07:59:00.000Z',
      until: '2027-01-15T08:04:00.000Z',
      ...{ provider: 'openai', reason: hold.reason, refusals: 2 },
    });
    expect(waitingFor(batch, world({ state: { hold: { ...hold, until: NOW } } }))?.kind).toBe(
      'queue',
    );
    expect(textOf(batch, { state: { hold: { ...hold, kind: 'quota' } } })).toMatch(
      /^openai is over quota and cooling down until 08:04:00Z: /,
    );
  });

  it('is told that its model alone, or it alone, is refused', () => {
    const job = { batchId: 'b1', model: 'm', seenIn: 'job' as const };
    const exclusion = { job, isWholeModel: true, ...hold };
    const exclusions = (changes = {}) => ({
      state: { exclusions: [{ ...exclusion, ...changes }] },
    });
    expect(textOf(batch, exclusions())).toContain('refuses the account for the model m until');
    expect(textOf(batch, exclusions({ isWholeModel: false }))).toContain('for this batch alone');
    const other = { job: { ...job, model: 'other' } };
    expect(waitingFor(batch, world(exclusions(other)))?.kind).toBe('queue');
  });

  it('waits while its model cools down, unless it is small enough to be tried', () => {
    const cooldown = { reason, since: NOW - MINUTE, until: NOW + MINUTE, refusals: 1, tokens: 30 };
    const learned = { accepted: 0, probeAfter: 16, probed: false, cooldown };
    const ceilings = (tokens: number) => ({ m: { ...learned, cooldown: { ...cooldown, tokens } } });
    expect(textOf(batch, { state: { ceilings: ceilings(30) } })).toBe(
      'openai is over quota for m, which cools down until 08:01:00Z: reset: connection reset',
    );
    expect(waitingFor(batch, world({ state: { ceilings: ceilings(50) } }))?.kind).toBe('queue');
    const pending = { active: [activeHint('a', { isPending: true })] };
    const small = world({ state: { ceilings: ceilings(50) }, ...pending });
    expect(waitingFor(batch, small)?.kind).toBe('cooling_down');
  });

  it('has a place in its queue, with the tokens of its model before it', () => {
    const waiting = [
      waitingHint('first'),
      waitingHint('other', { model: 'n', estimatedTokens: 1e6 }),
      waitingHint('b1'),
    ];
    expect(waitingFor(batch, world({ waiting }))).toMatchObject({
      ...{ kind: 'queue', position: 3, tokensAhead: 25, isFull: false, jobs: 0 },
      text: 'number 3 in the queue of openai, with about 25 tokens of m ahead of it: the next sweep looks for room at openai',
    });
    expect(textOf(batch, { waiting: waiting.slice(0, 2), isCut: true })).toMatch(
      /^beyond number 2 in the queue of openai, with more than 25 tokens of m ahead of it/,
    );
    // The index does not show it yet.
    expect(waitingFor(batch, world())).not.toHaveProperty('position');
  });

  it('is told what its provider has no room for', () => {
    const active = [
      activeHint('a1'),
      activeHint('a2', { model: 'n' }),
      activeHint('over', { isOver: true }),
    ];
    expect(textOf(batch, { active, limits: { maxInFlight: 2 } })).toBe(
      'openai has 2 jobs, and takes 2',
    );
    expect(waitingFor(batch, world({ active, limits: { maxInFlight: 3 } }))).toMatchObject({
      isFull: false,
    });
    expect(textOf(batch, { active, limits: { maxEnqueuedTokens: 49 } })).toBe(
      'jobs hold 25 of 49 tokens of m, and it needs 25',
    );
    expect(textOf(batch, { active, limits: { maxEnqueuedRequests: 29 } })).toBe(
      'jobs hold 20 of 29 requests, and it needs 10',
    );
    const learned = { accepted: 9, probeAfter: 16, probed: false, steadySince: NOW, tokens: 40 };
    const limited = world({ active, state: { ceilings: { m: learned } } });
    expect(waitingFor(batch, limited)).toMatchObject({
      text: 'jobs hold 25 of 40 tokens of m, as learned from refusals, and it needs 25',
      limitTokens: 40,
    });
    const starts = { hour: Math.floor(NOW / (60 * MINUTE)), count: 7 };
    expect(
      waitingFor(batch, world({ limits: { maxStartsPerHour: 7 }, state: { starts } })),
    ).toMatchObject({
      text: 'openai takes 7 new jobs an hour, and more after 09:00:00Z',
      until: '2027-01-15T09:00:00.000Z',
    });
    const pending = Array.from({ length: 8 }, (_, n) => activeHint(`p${n}`, { isPending: true }));
    expect(textOf(batch, { active: pending })).toBe(
      'openai has not accepted 8 jobs yet, and more are sent once it has',
    );
  });

  it('waits for the budget of the next day', () => {
    const price = { input: 1e5, output: 0 };
    const priced = given('queued', { input: { ...INPUT, price, estimatedCost: 2.5 } });
    const spent = { day: Math.floor(NOW / (24 * 60 * MINUTE)), amount: 4 };
    expect(
      waitingFor(priced, world({ dailyBudget: 8.9, state: { spent }, active: [activeHint('a')] })),
    ).toEqual({
      kind: 'budget',
      text: 'the daily budget of openai is used until 2027-01-16 00:00:00Z: $4 spent today and $2.5 in running jobs, of $8.9, and it needs $2.5',
      until: '2027-01-16T00:00:00.000Z',
      ...{ provider: 'openai', spent: 4, budget: 8.9 },
    });
    expect(waitingFor(priced, world({ dailyBudget: 9, state: { spent } }))?.kind).toBe('queue');
    expect(textOf(priced, { dailyBudget: 2 })).toBe(
      'it is estimated at $2.5, more than the daily budget of openai, $2',
    );
    expect(textOf(batch, { dailyBudget: 2 })).toBe('openai has a daily budget, and m no price');
  });

  it('waits for the budget of its tenant, whatever that of the provider is', () => {
    const batch = given('queued', {
      input: { ...INPUT, price: { input: 1, output: 0 }, estimatedCost: 2.5 },
      spec: { ...given('queued').spec, tenant: 'research' },
    });
    const ofTenant = (dailyBudget: number, amount: number): TenantState => ({
      ...{ schemaVersion: 1, tenant: 'research', version: 1, dailyBudget },
      spent: { day: Math.floor(NOW / (24 * 60 * MINUTE)), amount },
    });
    const active = [
      activeHint('own', { tenant: 'research', expected: { inputTokens: 1e6, outputTokens: 0 } }),
      activeHint('foreign', { expected: { inputTokens: 9e6, outputTokens: 0 } }),
    ];
    expect(waitingFor(batch, world({ active, tenant: ofTenant(6.9, 3.5) }))).toEqual({
      kind: 'tenant_budget',
      text: 'the daily budget of tenant research is used until 2027-01-16 00:00:00Z: $3.5 spent today and $1 in running jobs, of $6.9, and it needs $2.5',
      until: '2027-01-16T00:00:00.000Z',
      ...{ tenant: 'research', spent: 3.5, budget: 6.9 },
    });
    expect(waitingFor(batch, world({ active, tenant: ofTenant(7, 3.5) }))?.kind).toBe('queue');
    expect(waitingFor(batch, world({ active }))?.kind).toBe('queue');
  });

  it('has its place in the queue of its tenant, which shares the provider with others', () => {
    const batch = given('queued', {
      ...{ batchId: 'b2', input: { ...INPUT, model: 'm' } },
      spec: { ...given('queued').spec, tenant: 'research' },
    });
    const others = [
      { tenant: 'research', waiting: [waitingHint('b1'), waitingHint('b2')], isCut: false },
      { tenant: 'sales', waiting: [waitingHint('b3')], isCut: false },
      { tenant: 'idle', waiting: [], isCut: false },
    ];
    const wait = waitingFor(batch, world({ waiting: [waitingHint('b0')], others }));
    expect(wait).toMatchObject({ kind: 'queue', position: 2, tokensAhead: 25, sharedWith: 2 });
    expect(wait?.text).toContain(
      'number 2 in the queue of openai for tenant research, which shares it with 2 others, with about 25 tokens',
    );
    const alone = waitingFor(
      given('queued', { batchId: 'b0' }),
      world({ waiting: [waitingHint('b0')] }),
    );
    expect(alone).not.toHaveProperty('sharedWith');
  });

  it('waits in vain for an entry that the deployment no longer has', () => {
    expect(waitingFor(given('queued', { provider: 'gone' }), world())).toEqual({
      kind: 'no_provider',
      text: 'the deployment has no provider gone any more',
      provider: 'gone',
    });
  });
});

describe('a batch that retries', () => {
  it('has the time of the next attempt and the cause of the last', () => {
    const batch = given('retrying', {
      resumeAt: NOW + 3 * MINUTE,
      reasons: [old, fresh],
      statusAt: NOW,
    });
    expect(waitingFor(batch, world())).toEqual({
      kind: 'retry',
      text: 'the next attempt, for 10 requests, is at 08:03:00Z, after reset: connection reset',
      since: '2027-01-15T08:00:00.000Z',
      until: '2027-01-15T08:03:00.000Z',
      ...{ attempt: 2, reason },
    });
  });

  it('waits for its notBefore', () => {
    const later = NOW + 24 * 60 * MINUTE;
    const batch = given('retrying', { attempt: 0, resumeAt: later, spec: { notBefore: later } });
    expect(waitingFor(batch, world())).toMatchObject({
      kind: 'not_before',
      text: 'not before 2027-01-16 08:00:00Z',
    });
  });
});

describe('work that failed', () => {
  const failed = {
    ...{ statusAt: NOW - MINUTE, dueAt: NOW + 2 * MINUTE, failures: 3, claim: undefined },
    reasons: [old, fresh],
  };

  it.each([
    [
      'inspecting',
      'its input could not be inspected, again at 08:02:00Z, after reset: connection reset',
    ],
    [
      'collecting',
      'its rows could not be collected, 3 times in a row; again at 08:02:00Z, after reset: connection reset',
    ],
  ] as const)('shows the next try of %s', (status, text) => {
    expect(waitingFor(given(status, failed), world())).toMatchObject({ text, reason });
    const claimed = given(status, { ...failed, claim: LIVE });
    expect(notableText(waitingFor(claimed, world()))).toBe('');
  });

  it('shows that a job is looked for whose answer was lost', () => {
    const lost = given('submitting', { ...failed, claim: LIVE });
    expect(waitingFor(lost, world())).toMatchObject({
      kind: 'submission',
      isLookedFor: true,
      reason,
    });
    expect(textOf(lost)).toContain('is looked for at openai');
    const sent = given('submitting', { claim: LIVE, statusAt: NOW });
    expect(notableText(waitingFor(sent, world()))).toBe('');
  });

  it('waits for a provider that refuses every call', () => {
    expect(textOf(given('collecting'), { state: { hold } })).toMatch(
      /^its rows are to be collected, but openai is blocked until/,
    );
    expect(textOf(given('running'), { state: { hold } })).toMatch(
      /^its job cannot be checked, because openai is blocked until/,
    );
  });
});

describe('a job', () => {
  it('runs, or is to begin', () => {
    expect(waitingFor(given('running'), world())).toMatchObject({ kind: 'job', isPending: false });
    const job = { id: 'job_1', submission: 1, submittedAt: NOW };
    expect(textOf(given('running', { job }))).toBe('openai is to begin its job');
    expect(notableText(waitingFor(given('running'), world()))).toBe('');
  });

  it('is being cancelled by its provider', () => {
    const job = { id: 'job_1', submission: 1, submittedAt: NOW - MINUTE };
    const asked = given('running', { job, cancelRequested: true });
    expect(textOf(asked)).toBe('openai is to cancel its job');
    const taken = given('running', { job: { ...job, cancelledAt: NOW }, cancelRequested: true });
    expect(waitingFor(taken, world())).toEqual({
      kind: 'cancel',
      text: 'openai is cancelling its job, asked at 08:00:00Z',
      ...{ since: '2027-01-15T08:00:00.000Z', provider: 'openai' },
    });
    expect(textOf(asked, { state: { hold } })).toContain('; but openai is blocked until 08:04:00Z');
    const stalled = given('running', { job: { ...job, stalledAt: NOW } });
    expect(textOf(stalled)).toBe('openai is to cancel its job, which made no progress');
  });
});

describe('a delivery', () => {
  const error = { code: 'processor_failed', message: 'no space left', at: NOW, attempt: 1 };
  const delivery = { number: 1, attempt: 2, invocations: 2, pending: false };
  const failed = { statusAt: NOW - MINUTE, dueAt: NOW + MINUTE, reasons: [old, error], delivery };

  it('that failed shows the error, the next one, and where the log is', () => {
    expect(waitingFor(given('delivering', failed), world())).toEqual({
      kind: 'delivery',
      text: 'delivery 2 of 5 failed, the next is at 08:01:00Z: no space left (its log: /aws/lambda/p)',
      since: '2027-01-15T07:59:00.000Z',
      until: '2027-01-15T08:01:00.000Z',
      ...{ invocation: 3, of: 5, isRunning: false, log: '/aws/lambda/p' },
      reason: { code: 'processor_failed', message: 'no space left' },
    });
  });

  it('that runs is usual, unless the one before failed', () => {
    const pending = { ...delivery, pending: true };
    expect(notableText(waitingFor(given('delivering'), world()))).toBe('');
    expect(textOf(given('delivering', { ...failed, delivery: pending }))).toBe(
      'the processor runs, delivery 2 of 5; the one before failed: no space left (its log: /aws/lambda/p)',
    );
  });
});

describe('a batch in parts', () => {
  const parent = given('split');
  const part = (number: number, status: 'queued' | 'running' | 'completed', changes = {}) =>
    given(status, {
      batchId: `b1/${number}`,
      part: { parentId: 'b1', range: { start: 0, end: 50 } },
      ...changes,
    });

  it('counts them, and tells why the first in the queue waits', () => {
    const input = { ...INPUT, parts: [...SLICES, ...SLICES] };
    const parts = [part(1, 'running'), part(2, 'completed'), part(3, 'queued'), part(4, 'queued')];
    const waiting = [waitingHint('b1/4'), waitingHint('b1/3')];
    const limits = { maxInFlight: 1 };
    const active = [activeHint('b1/1')];
    const full = world({ parts, waiting, limits, active });
    expect(waitingFor(given('split', { input }), full)).toMatchObject({
      ...{ kind: 'parts', total: 4, running: 1, ended: 1, waiting: 2 },
      text: '1 of 4 parts running, 1 done, 2 waiting: number 1 in the queue of openai: openai has 1 job, and takes 1',
    });
  });

  it('counts a part without a record, or that runs again for a retry, as waiting', () => {
    expect(waitingFor(parent, world({ parts: [] }))).toMatchObject({ waiting: 2, running: 0 });
    const retried = given('split', { retries: 1 });
    expect(waitingFor(retried, world({ parts: [part(1, 'completed')] }))).toMatchObject({
      waiting: 2,
    });
  });

  it('says that all of them are done', () => {
    const parts = [part(1, 'completed'), part(2, 'completed')];
    expect(textOf(parent, { parts })).toBe('all 2 parts done, their rows are merged next');
  });

  it('says nothing of parts that were not read', () => {
    expect(waitingFor(parent, world())).toEqual({
      ...{ kind: 'parts', text: 'its 2 parts', total: 2 },
      since: new Date(parent.statusAt).toISOString(),
    });
  });

  it('waits for its notBefore, or for the end of a cancel', () => {
    const later = given('split', { spec: { notBefore: NOW + MINUTE } });
    expect(textOf(later)).toBe('not before 08:01:00Z');
    const cancelled = given('split', { cancelRequested: true });
    const parts = [part(1, 'running'), part(2, 'completed')];
    expect(waitingFor(cancelled, world({ parts }))).toMatchObject({
      kind: 'cancel',
      text: 'cancelling its parts: 1 of 2 parts running, 1 done',
    });
  });
});
