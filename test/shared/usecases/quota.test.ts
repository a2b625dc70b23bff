import { describe, expect, it } from 'vitest';
import type { FullQuota } from '../../../shared/batch/errors.ts';
import type { JobState } from '../../../shared/batch/job.ts';
import { isEnded } from '../../../shared/batch/status.ts';
import { SUCCESS } from '../../support/fakes/fakeProvider.ts';
import { upload, type World, world } from '../../support/world.ts';

const MINUTE = 60;
const DAY_MS = 24 * 60 * 60 * 1000;

interface Account {
  /** Tokens that it counts for each estimated one. */
  readonly counts?: number;
  /** Tokens of all jobs together, or none at all because others use them. */
  limit: number;
  /** Whether a refusal states the limit, or at least names what is full. */
  readonly says: 'limit' | 'quota' | 'nothing';
  readonly jobMinutes?: number;
}

interface Run {
  readonly w: World;
  /** Estimated tokens of the jobs that were refused, with the time in milliseconds. */
  readonly refused: { readonly tokens: number; readonly at: number; readonly batchId: string }[];
  add(batchId: string, requests: number, bytesEach: number, message?: object): Promise<void>;
  /** Sweeps each minute until these batches have ended, or for so many hours. */
  until(batchIds: readonly string[], hours: number): Promise<void>;
}

/** A provider that accepts or refuses each job in its validation, a minute after its creation. */
function inFrontOf(account: Account): Run {
  const { counts = 1, jobMinutes = 30 } = account;
  const w = world();
  const { provider, dependencies } = w;
  const refused: Run['refused'] = [];
  const acceptedAt = new Map<string, number>();
  const now = () => dependencies.clock.now();
  const estimated = (job: { lines: readonly string[] }) =>
    job.lines.reduce((sum, text) => sum + (Buffer.byteLength(text) + 1) / 4, 0);
  const quota = (): FullQuota | undefined =>
    account.says === 'nothing'
      ? undefined
      : { of: 'tokens', ...(account.says === 'limit' ? { limit: account.limit } : {}) };
  Object.assign(provider, {
    async check(jobId: string): Promise<JobState> {
      const job = provider.jobs.find(({ id }) => id === jobId);
      if (!job) throw new Error(`there is no job ${jobId}`);
      if (job.state.state === 'ended') return job.state;
      const since = acceptedAt.get(jobId);
      if (since !== undefined && now() >= since + jobMinutes * MINUTE * 1000) {
        provider.end(job, { kind: 'completed' }, () => SUCCESS);
        return job.state;
      }
      if (since !== undefined) return { state: 'running' };
      if (now() < job.createdAt + MINUTE * 1000) return { state: 'running', isPending: true };
      const running = provider.jobs.filter(
        ({ id, state }) => state.state === 'running' && acceptedAt.has(id),
      );
      const enqueued = [...running, job].reduce((sum, each) => sum + estimated(each) * counts, 0);
      if (enqueued <= account.limit) {
        acceptedAt.set(jobId, now());
        return { state: 'running' };
      }
      refused.push({ tokens: estimated(job), at: now(), batchId: job.batchId });
      const named = quota();
      const message = `Enqueued token limit reached. Limit: ${account.limit}`;
      const reason = { code: 'token_limit_exceeded', message, ...(named ? { quota: named } : {}) };
      provider.end(job, { kind: 'failed', refusal: 'quota', reason }, () => undefined);
      return job.state;
    },
    listStates: undefined,
  });
  return {
    ...{ w, refused },
    async add(batchId, requests, bytesEach, message = {}) {
      const { model = 'm', ...rest } = message as { model?: string };
      const lines = Array.from({ length: requests }, (_, index) => {
        const body = { model, input: '' };
        const request = {
          custom_id: `${batchId}-${String(index).padStart(4, '0')}`,
          ...{ method: 'POST', url: '/v1/embeddings', body },
        };
        body.input = 'x'.repeat(Math.max(1, bytesEach - 1 - JSON.stringify(request).length));
        return JSON.stringify(request);
      });
      await upload(w.objects, `uploads/${batchId}.jsonl`, lines);
      await w.send({ batchId, ...rest });
      await w.workAll();
    },
    async until(batchIds, hours) {
      const end = now() + hours * 60 * MINUTE * 1000;
      while (now() < end && !batchIds.every((id) => isEnded(w.batch(id).status))) {
        await w.sweep();
        await w.workAll();
        for (const event of w.invocations.splice(0)) await w.settle('Success', event);
        w.advance(MINUTE);
      }
    },
  };
}

const idsOf = (rows: readonly { custom_id: string }[]) => rows.map((row) => row.custom_id);

describe('a batch that alone is larger than the quota', () => {
  // 40 requests of 5,000 tokens.
  const large = (run: Run, message = {}) => run.add('b', 40, 20_000, message);

  it('runs in parts of the size that the refusal states, after one refusal', async () => {
    const run = inFrontOf({ limit: 90_000, says: 'limit' });
    await large(run);
    await run.until(['b'], 24);
    const batch = run.w.batch('b');
    expect(batch).toMatchObject({ status: 'completed', counts: { succeeded: 40 }, attempt: 1 });
    expect(run.refused).toHaveLength(1);
    expect(run.w.provider.jobs).toHaveLength(4);
    expect(batch.reasons.map(({ code }) => code)).toEqual([
      'token_limit_exceeded',
      'split_to_limit',
    ]);
    expect(batch.reasons[1]?.message).toBe(
      '40 requests and about 200,000 tokens are more than openai takes of m, which is about 81,000 enqueued tokens as learned from its refusals: the batch was split into 3 parts',
    );
    const ids = idsOf(await run.w.rows(batch.rows?.results));
    expect(ids).toEqual(ids.toSorted());
    expect(new Set(ids).size).toBe(40);
    expect(run.w.logged.filter((line) => line.startsWith('learned limit'))).toHaveLength(1);
  });

  it('is split without any refusal once the limit is known', async () => {
    const run = inFrontOf({ limit: 90_000, says: 'limit' });
    await large(run);
    await run.add('c', 40, 20_000);
    await run.until(['b', 'c'], 24);
    expect(run.w.batch('c')).toMatchObject({ status: 'completed', counts: { succeeded: 40 } });
    expect(run.refused.length).toBeLessThanOrEqual(2);
  });

  it.each([
    // Of the batch, of its first half, and of the next part beside one that fits.
    ['quota' as const, 3],
    ['nothing' as const, 4],
  ])('is halved until it fits if the refusal says only: %s', async (says, refusals) => {
    const run = inFrontOf({ limit: 60_000, says });
    await large(run);
    await run.until(['b'], 48);
    expect(run.w.batch('b')).toMatchObject({ status: 'completed', counts: { succeeded: 40 } });
    expect(run.refused.length).toBeLessThanOrEqual(refusals);
    const ids = idsOf(await run.w.rows(run.w.batch('b').rows?.results));
    expect(ids).toEqual(ids.toSorted());
  });

  it('runs in smaller parts if the provider counts three times as many tokens', async () => {
    const run = inFrontOf({ limit: 90_000, says: 'limit', counts: 3 });
    await large(run);
    await run.until(['b'], 48);
    expect(run.w.batch('b')).toMatchObject({ status: 'completed', counts: { succeeded: 40 } });
    expect(run.refused.length).toBeLessThanOrEqual(4);
  });

  it('keeps its maxCost in parts of parts', async () => {
    const run = inFrontOf({ limit: 30_000, says: 'quota' });
    run.w.provider.pricing = { priceOf: () => ({ input: 1, output: 1 }), dailyBudget: undefined };
    await large(run, { maxCost: 1 });
    await run.until(['b'], 96);
    expect(run.w.batch('b')).toMatchObject({ status: 'completed', counts: { succeeded: 40 } });
    const leaves = run.w.batches.all().filter(({ batchId }) => batchId !== 'b');
    const whole = leaves.filter((part) => !('input' in part && part.input?.parts));
    expect(whole.some(({ batchId }) => batchId.split('/').length > 2)).toBe(true);
    expect(whole.reduce((sum, { spec }) => sum + (spec.maxCost ?? 0), 0)).toBeCloseTo(1);
  });

  it('reaches the parts of its parts with a cancel', async () => {
    const run = inFrontOf({ limit: 30_000, says: 'quota', jobMinutes: 600 });
    await large(run);
    await run.until(['b'], 6);
    await run.w.send({ action: 'cancel', batchId: 'b' });
    await run.until(['b'], 2);
    expect(run.w.batch('b').status).toBe('cancelled');
    const open = run.w.batches.all().filter(({ status }) => !isEnded(status));
    expect(open).toEqual([]);
  });

  it('ends with the provider’s reason in a request’s row if that request alone is larger', async () => {
    const run = inFrontOf({ limit: 4_000, says: 'limit' });
    await run.add('b', 3, 20_000);
    await run.until(['b'], 24);
    const { status, counts, rows } = run.w.batch('b');
    expect({ status, counts }).toMatchObject({ status: 'failed', counts: { failed: 3 } });
    const [row] = (await run.w.rows(rows?.errors)) as unknown as { error: object }[];
    expect(row?.error).toMatchObject({
      code: 'token_limit_exceeded',
      message: expect.stringContaining('more than its provider ever takes of the model'),
    });
    // The batch, and each of its requests.
    expect(run.refused.length).toBeLessThanOrEqual(4);
  });
});

describe('a quota that stays full for a week', () => {
  it('costs a bounded number of refused jobs a day, stops nothing else, and is the reason at the end', async () => {
    const account = { limit: 90_000, says: 'limit' as const };
    const run = inFrontOf(account);
    const { check } = run.w.provider;
    // Jobs of others use the quota of model `m`; nothing else of the account is full.
    Object.assign(run.w.provider, {
      async check(jobId: string) {
        const job = run.w.provider.jobs.find(({ id }) => id === jobId);
        account.limit = job?.lines[0]?.includes('"model":"m"') ? 1 : 90_000;
        const state = await check(jobId);
        const { reason } = state.state === 'ended' ? state.outcome : {};
        if (reason?.quota) Object.assign(reason.quota, { limit: 90_000 });
        return state;
      },
    });
    await run.add('b', 10, 20_000);
    await run.add('other', 10, 20_000, { model: 'n' });
    await run.until(['other'], 24);
    expect(run.w.batch('other').status).toBe('completed');
    const start = run.w.dependencies.clock.now();
    await run.until(['b'], 24 * 10);
    const days = Map.groupBy(run.refused, ({ at }) => Math.floor((at - start) / DAY_MS));
    for (const refused of days.values()) expect(refused.length).toBeLessThanOrEqual(40);
    const batch = run.w.batch('b');
    expect(batch).toMatchObject({ status: 'failed', attempt: 0, counts: { unfinished: 10 } });
    const [row] = (await run.w.rows(batch.rows?.errors)) as unknown as { error: object }[];
    expect(row?.error).toMatchObject({
      code: 'batch_expired',
      message: expect.stringContaining('Enqueued token limit reached'),
    });
  });

  it.each(['limit', 'quota', 'nothing'] as const)(
    'lets smaller batches of the model start that fit, if it says: %s',
    async (says) => {
      const run = inFrontOf({ limit: 30_000, says, jobMinutes: 5 });
      // A single request cannot be split.
      await run.add('large', 1, 200_000);
      await run.until(['large'], 12);
      await run.add('small', 4, 20_000);
      await run.until(['small'], 2);
      expect(run.w.batch('small').status).toBe('completed');
      expect(run.w.batch('large').status).not.toBe('completed');
    },
  );
});
