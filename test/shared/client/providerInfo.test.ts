import { expect, it } from 'vitest';
import { providersPage } from '../../../cli/commands/providers.ts';
import { providerInfo } from '../../../shared/client/providerInfo.ts';
import type { ProviderState } from '../../../shared/quota/providerState.ts';
import { QueueView } from '../../../shared/quota/queueView.ts';
import { NOW } from '../../support/given.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const expected = { inputTokens: 100, outputTokens: 0 };
const load = { model: 'gpt-x', requests: 10, estimatedTokens: 100, expected };
const active = (batchId: string, more = {}) => ({ batchId, ...load, isPending: false, ...more });
const waiting = (batchId: string, queuedAt: number) => ({
  ...{ batchId, priority: 0, ...load, createdAt: queuedAt, queuedAt, deadlineAt: NOW + DAY },
});
const reason = { code: 'invalid_api_key', message: 'Incorrect API key' };
const hold = { kind: 'account' as const, reason, since: NOW, until: NOW + 5 * MINUTE, refusals: 1 };

const queue = new QueueView(
  [
    { waiting: [waiting('w1', NOW - 5 * MINUTE)], isCut: false },
    { tenant: 'research', waiting: [waiting('w2', NOW - 9 * MINUTE)], isCut: false },
  ],
  [active('a'), active('b', { isPending: true }), active('over', { isOver: true })],
);
const infoOf = (state: Partial<ProviderState>, isRemoved = false) =>
  providerInfo(
    {
      state: { schemaVersion: 1, provider: 'openai', version: 1, ...state },
      limits: { maxInFlight: 7, maxStartsPerHour: 9 },
      dailyBudget: 5,
    },
    queue,
    { now: NOW, isRemoved },
  );
const linesOf = (...infos: ReturnType<typeof infoOf>[]) =>
  providersPage(infos, { now: NOW, width: 200, paint: (_, text) => text });

it('tells the jobs, the queue, the limits and the spending of an entry', () => {
  const hour = Math.floor(NOW / (60 * MINUTE));
  const spent = { day: Math.floor(NOW / DAY), amount: 1.25 };
  expect(infoOf({ spent, starts: { hour, count: 3 } })).toEqual({
    provider: 'openai',
    state: 'ready',
    jobs: { running: 1, pending: 1, tokens: 200, max: 7, startedThisHour: 3, maxPerHour: 9 },
    queue: { batches: 2, tokens: 200, oldestSince: '2027-01-15T07:51:00.000Z', isAtLeast: false },
    models: [{ model: 'gpt-x', jobs: 2, tokens: 200 }],
    refusedAlone: [],
    ...{ spentToday: 1.25, dailyBudget: 5, budgetRenewsAt: '2027-01-16T00:00:00.000Z' },
  });
  expect(linesOf(infoOf({ spent }))).toEqual([
    'PROVIDER  STATE    JOBS  QUEUED  TOKENS  OLDEST     SPENT TODAY',
    'openai    ready  2 of 7       2     200      9m  $1.25 of $5.00',
  ]);
});

it('says why an entry starts nothing, and what to do', () => {
  const lastCommand = { action: 'pause' as const, sentAt: NOW, messageId: 'm', by: 'alice' };
  expect(linesOf(infoOf({ lastCommand, hold })).slice(3)).toEqual([
    '- openai was paused by alice at 08:00:00Z; batch-handler resume openai',
  ]);
  expect(infoOf({ hold })).toMatchObject({ state: 'blocked', waitingFor: { kind: 'blocked' } });
  expect(linesOf(infoOf({ hold })).slice(3)).toEqual([
    '- openai is blocked until 08:05:00Z: invalid_api_key: Incorrect API key; correct that, then batch-handler resume openai',
  ]);
  expect(infoOf({ hold: { ...hold, kind: 'quota' } }).state).toBe('cooling_down');
  expect(infoOf({ hold: { ...hold, until: NOW } }).state).toBe('ready');
});

it('tells what is refused by itself, and what was learned of a model', () => {
  const job = { batchId: 'b9', model: 'gpt-y', seenIn: 'job' as const };
  const exclusions = [{ ...hold, job, isWholeModel: false }];
  const learned = { accepted: 0, probeAfter: 16, probed: false, steadySince: NOW, refusedAt: NOW };
  const cooldown = { reason, since: NOW, until: NOW + MINUTE, refusals: 1, tokens: 50 };
  const ceilings = { 'gpt-x': { ...learned, tokens: 400, cooldown }, gone: learned };
  const info = infoOf({ exclusions, ceilings });
  expect(info.refusedAlone).toMatchObject([{ batchId: 'b9', until: '2027-01-15T08:05:00.000Z' }]);
  expect(info.models).toMatchObject([{ model: 'gpt-x', learnedTokens: 400 }]);
  expect(linesOf(info).slice(3)).toEqual([
    '- openai: the account is refused for batch b9 alone until 08:05:00Z: invalid_api_key: Incorrect API key; correct that, then batch-handler resume openai',
    '- openai, gpt-x: cooling down until 2027-01-15 08:01:00Z: Incorrect API key; takes about 400 enqueued tokens, learned from a refusal at 2027-01-15 08:00:00Z; its jobs hold 200 tokens',
  ]);
});

it('says that batches are left at an entry that the deployment no longer has', () => {
  expect(linesOf(infoOf({}, true)).slice(3)).toEqual([
    '- openai is no longer in the deployment, and 4 batches are left there: deploy it again until they have ended, or cancel them (batch-handler list --provider openai)',
  ]);
});
