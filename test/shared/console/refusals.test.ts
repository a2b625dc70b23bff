import { describe, expect, it } from 'vitest';
import { periodOf } from '../../../shared/console/period.ts';
import { type AskingBatch, asksOf } from '../../../shared/console/refusals.ts';

const NOW = Date.parse('2026-12-01T10:00:00Z');
const period = periodOf(7, NOW);
const at = (clock: string) => `2026-12-01T${clock}:00.000Z`;

type AskedJob = AskingBatch['jobs'][number];
const refused: AskedJob = {
  ...{ id: 'r', provider: 'openai', attempt: 1, requests: 10, succeeded: 0 },
  ...{ submittedAt: at('01:00'), endedAt: at('01:05') },
  ...{ end: 'failed', code: 'token_limit_exceeded' },
};
const { code: _, ...taken }: AskedJob = {
  ...refused,
  ...{ id: 't', submittedAt: at('02:00'), endedAt: at('03:00'), end: 'completed', succeeded: 6 },
};
function batch(changes: Partial<AskingBatch> = {}): AskingBatch {
  return {
    ...{ batchId: 'b', status: 'completed', provider: 'openai', model: 'm', attempts: 1 },
    counts: { total: 10, succeeded: 10, failed: 0, unfinished: 0 },
    ...{ estimatedTokens: 1_000, jobs: [refused, taken], reasons: [] },
    ...changes,
  };
}
const shown = (batches: readonly AskingBatch[]) =>
  asksOf(batches, period).asks.map(({ at: time, tokens, isRefused }) => [
    time.slice(11, 16),
    tokens,
    isRefused,
  ]);

describe('what a provider was asked to take', () => {
  it('was refused if the job used no attempt', () => {
    expect(shown([batch()])).toEqual([
      ['01:00', 1_000, true],
      ['02:00', 1_000, false],
    ]);
  });

  it('was refused if the batch has not come to that attempt', () => {
    expect(shown([batch({ jobs: [refused], attempts: 0, status: 'queued' })])).toEqual([
      ['01:00', 1_000, true],
    ]);
    expect(shown([batch({ jobs: [refused], attempts: 1, status: 'failed' })])).toEqual([
      ['01:00', 1_000, false],
    ]);
  });

  it('is the share of the requests that a job held', () => {
    const second = { ...taken, attempt: 2, requests: 4, submittedAt: at('04:00') };
    expect(shown([batch({ jobs: [taken, second], attempts: 2 })])).toEqual([
      ['02:00', 1_000, false],
      ['04:00', 400, false],
    ]);
  });

  it('counts the running job once the provider has accepted it', () => {
    const running = (isPending: boolean) =>
      batch({
        ...{ status: 'running', jobs: [refused], job: { id: 'n', submittedAt: at('05:00') } },
        waitingFor: { kind: 'job', provider: 'openai', isPending, text: '' },
      });
    expect(shown([running(false)])).toEqual([
      ['01:00', 1_000, true],
      ['05:00', 1_000, false],
    ]);
    expect(shown([running(true)])).toEqual([['01:00', 1_000, true]]);
  });

  it('counts a refusal of the call, which made no job, and none twice', () => {
    const quota = { of: 'tokens', limit: 500 } as const;
    const reason = { code: 'token_limit_exceeded', message: 'full', quota };
    const reasons = [
      { ...reason, at: refused.endedAt },
      { ...reason, at: at('06:00') },
      { code: 'server_error', message: 'no quota', at: at('07:00') },
    ];
    expect(shown([batch({ reasons })])).toEqual([
      ['01:00', 1_000, true],
      ['02:00', 1_000, false],
      ['06:00', 400, true],
    ]);
  });

  it('was always refused of a batch that was split', () => {
    expect(shown([batch({ jobs: [refused], partCount: 3, attempts: 1 })])).toEqual([
      ['01:00', 1_000, true],
    ]);
  });

  it('is shown of the model with the most refusals, or of the one that was chosen', () => {
    const batches = [
      batch({ model: 'quiet', jobs: [taken, { ...taken, attempt: 2 }], attempts: 2 }),
      batch(),
      batch({ model: undefined as never, estimatedTokens: undefined as never }),
    ];
    const { models, chosen } = asksOf(batches, period);
    expect(models).toEqual([
      { provider: 'openai', model: 'm', accepted: 1, refused: 1 },
      { provider: 'openai', model: 'quiet', accepted: 2, refused: 0 },
    ]);
    expect(chosen?.model).toBe('m');
    const other = asksOf(batches, period, { provider: 'openai', model: 'quiet' });
    expect(other.chosen?.model).toBe('quiet');
  });

  it('is the newest 500 of many, within the period', () => {
    const many = Array.from({ length: 600 }, () => batch());
    expect(asksOf(many, period).asks).toHaveLength(500);
    const old = { ...taken, submittedAt: '2026-11-24T23:00:00.000Z' };
    expect(asksOf([batch({ jobs: [old] })], period).asks).toEqual([]);
  });
});
