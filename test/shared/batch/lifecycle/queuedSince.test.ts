import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../../shared/batch/job.ts';
import type { BatchEvent } from '../../../../shared/batch/lifecycle/events.ts';
import { EVENTS, type Given, given, LIVE, NOW, next, when } from '../../../support/given.ts';

const QUOTA = { code: 'token_limit_exceeded', message: 'full' };
const EARLIER = NOW - 7_200_000;

function recordAfter(batch: Given, ...events: readonly BatchEvent[]): Given {
  return events.reduce((before, event) => next(when(before, event)), batch);
}

function jobEnded(outcome: Outcome): BatchEvent {
  return { ...EVENTS.jobChecked, job: { state: 'ended', outcome } };
}

describe('how long a batch has waited counts', () => {
  it('from when it is first queued', () => {
    const queued = next(when(given('inspecting', { claim: LIVE }), EVENTS.inspected));
    expect(queued).toMatchObject({ status: 'queued', queuedSince: NOW });
  });

  it('through a refusal for quota of the create call', () => {
    const submitting = given('submitting', { claim: LIVE, queuedSince: EARLIER });
    const refused = { ...EVENTS.submitRefused, refusal: 'quota', reason: QUOTA } as const;
    expect(recordAfter(submitting, refused)).toMatchObject({
      status: 'queued',
      queuedSince: EARLIER,
    });
    expect(recordAfter(submitting, refused, EVENTS.admitted).queuedSince).toBe(EARLIER);
  });

  it('through a failure of the create call that may pass', () => {
    const submitting = given('submitting', { claim: LIVE, queuedSince: EARLIER });
    const retrying = recordAfter(submitting, EVENTS.workFailed);
    expect(retrying).toMatchObject({ status: 'retrying', queuedSince: EARLIER });
    const { version } = retrying;
    expect(recordAfter(retrying, { type: 'requeued', version }).queuedSince).toBe(EARLIER);
  });

  describe('through a job that fails for quota', () => {
    const failed = jobEnded({ kind: 'failed', files: [], refusal: 'quota', reason: QUOTA });
    const job = { id: 'job_1', submission: 1, submittedAt: NOW - 1000 };

    it('before it was accepted', () => {
      const running = given('running', { job, queuedSince: EARLIER });
      expect(recordAfter(running, failed)).toMatchObject({
        status: 'queued',
        queuedSince: EARLIER,
      });
    });

    it('and not after', () => {
      const running = given('running', {
        job: { ...job, acceptedAt: NOW - 500 },
        queuedSince: EARLIER,
      });
      expect(recordAfter(running, failed)).toMatchObject({ status: 'queued', queuedSince: NOW });
    });
  });

  it('anew once a job has run', () => {
    const running = given('running', { queuedSince: EARLIER });
    const collecting = recordAfter(running, jobEnded({ kind: 'expired', files: [] }));
    expect(collecting.status).toBe('collecting');
    expect(collecting.queuedSince).toBeUndefined();
    const claimed = { ...collecting, claim: LIVE } as Given;
    const retrying = recordAfter(claimed, EVENTS.collected);
    const queued = recordAfter(retrying, { type: 'requeued', version: retrying.version });
    expect(queued).toMatchObject({ status: 'queued', queuedSince: NOW });
  });
});
