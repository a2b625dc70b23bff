import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STATUSES } from '../../../shared/batch/status.ts';
import type { BatchInfo } from '../../../shared/client/batchInfo.ts';
import { batchInfo } from '../../../shared/client/batchInfo.ts';
import { type Timeline, timelineOf } from '../../../shared/console/timeline.ts';
import { pictureOf } from '../../../shared/console/timelineShapes.ts';
import { type Changes, given, INPUT, OBJECTS } from '../../support/given.ts';

const START = Date.parse('2026-12-01T10:00:00Z');
const MINUTE = 60_000;
const at = (minutes: number): number => START + minutes * MINUTE;
const job = (attempt: number, from: number, until: number, more: object = {}) => ({
  ...{ id: `job_${attempt}`, provider: 'openai', attempt, end: 'completed' as const },
  ...{ submittedAt: at(from), endedAt: at(until), requests: 10, succeeded: 10, ...more },
});

/** What a batch looks like so many minutes after it was added. */
function lifeOf(status: (typeof STATUSES)[number], minutes: number, changes: Changes): Timeline {
  const record = given(status, {
    ...{ createdAt: START, statusAt: START, deadlineAt: at(24 * 60), pastJobs: [] },
    ...{ reasons: [], delivery: undefined, ...changes },
  });
  return timelineOf(batchInfo(record, OBJECTS), at(minutes));
}

/** Each segment as `kind from-until`, in minutes. */
const shortly = ({ segments }: Timeline): readonly string[] =>
  segments.map(({ kind, start, end }) => {
    const minutes = (time: number) => Math.round((time - START) / MINUTE);
    return `${kind} ${minutes(start)}-${minutes(end)}`;
  });

const inspected = { ...INPUT, inspectedAt: at(2) };

describe('the life of a batch', () => {
  it('that completed: inspection, queue, job, collection, delivery', () => {
    const life = lifeOf('completed', 9_999, {
      ...{ input: inspected, pastJobs: [job(1, 10, 70)], endedAt: at(80) },
      delivery: {
        ...{ number: 1, attempt: 1, invocations: 1, pending: true },
        ...{ startedAt: at(73), endedAt: at(80) },
      },
    });
    expect(shortly(life)).toEqual([
      'inspection 0-2',
      'queue 2-10',
      'job 10-70',
      'collection 70-73',
      'delivery 73-80',
    ]);
    expect(life.segments.map(({ tone }) => tone)).toEqual([
      'plain',
      'plain',
      'good',
      'plain',
      'good',
    ]);
    expect(life.segments.some(({ isOpen }) => isOpen)).toBe(false);
    expect(life.marks.map(({ label }) => label)).toEqual(['completed']);
  });

  it('that was refused for quota: the queue goes on, and tells why', () => {
    const refusal = { code: 'token_limit_exceeded', message: 'full', at: at(13), attempt: 1 };
    const refused = job(1, 10, 13, { end: 'failed', code: 'token_limit_exceeded', succeeded: 0 });
    const life = lifeOf('queued', 60, {
      ...{ input: inspected, queuedSince: at(2), statusAt: at(13), pastJobs: [refused] },
      reasons: [refusal],
    });
    expect(shortly(life)).toEqual(['inspection 0-2', 'queue 2-10', 'job 10-13', 'queue 13-60']);
    const [, , refusedJob, last] = life.segments;
    expect(refusedJob).toMatchObject({ tone: 'bad', reasons: [] });
    expect(refusedJob?.label).toBe('Job of attempt 1: failed (token_limit_exceeded)');
    expect(last).toMatchObject({ isOpen: true, tone: 'busy', reasons: [{ message: 'full' }] });
  });

  it('that runs its second job: what was before its queue is told from it', () => {
    const life = lifeOf('running', 100, {
      ...{ input: inspected, queuedSince: at(50), statusAt: at(60), attempt: 2 },
      pastJobs: [job(1, 10, 40, { end: 'expired', succeeded: 4 })],
      job: { id: 'job_2', submission: 2, submittedAt: at(60), progress: 3 },
    });
    expect(shortly(life)).toEqual([
      'inspection 0-2',
      'queue 2-10',
      'job 10-40',
      'wait 40-50',
      'queue 50-60',
      'job 60-100',
    ]);
    expect(life.segments.at(-1)).toMatchObject({
      ...{ label: 'Job of attempt 2: running', detail: '3 requests finished', tone: 'busy' },
    });
  });

  it('that is not to begin yet: it waits until then, and the queue comes after', () => {
    const waiting = lifeOf('retrying', 30, {
      ...{ input: inspected, statusAt: at(2), resumeAt: at(60), spec: { notBefore: at(60) } },
    });
    expect(shortly(waiting)).toEqual(['inspection 0-2', 'wait 2-30']);
    expect(waiting.marks.map(({ label }) => label)).toEqual(['now', 'not before', 'deadline']);

    const later = lifeOf('queued', 80, {
      ...{ input: inspected, queuedSince: at(60), statusAt: at(60), spec: { notBefore: at(60) } },
    });
    expect(shortly(later)).toEqual(['inspection 0-2', 'wait 2-60', 'queue 60-80']);
  });

  it('in parts, that are collected and delivered', () => {
    const parts = [{ start: 0, end: 9, requests: 5, estimatedTokens: 1 }];
    const split = { input: { ...inspected, parts } };
    expect(shortly(lifeOf('split', 50, { ...split, statusAt: at(2) }))).toEqual([
      'inspection 0-2',
      'parts 2-50',
    ]);
    const collecting = lifeOf('collecting', 50, { ...split, statusAt: at(45), job: undefined });
    expect(shortly(collecting)).toEqual(['inspection 0-2', 'parts 2-45', 'collection 45-50']);
  });

  it('that was run again after it had ended', () => {
    const delivery = {
      ...{ number: 1, attempt: 1, invocations: 1, pending: false },
      ...{ startedAt: at(73), endedAt: at(80) },
    };
    const life = lifeOf('queued', 600, {
      ...{ input: inspected, pastJobs: [job(1, 10, 70)], delivery },
      ...{ queuedSince: at(500), statusAt: at(500) },
    });
    expect(shortly(life).slice(-3)).toEqual(['delivery 73-80', 'idle 80-500', 'queue 500-600']);
  });

  it('of a record from before the times were recorded', () => {
    const life = lifeOf('completed', 9_999, { pastJobs: [job(1, 10, 70)], endedAt: at(80) });
    expect(shortly(life)).toEqual(['queue 0-10', 'job 10-70', 'collection 70-80']);
    expect(life.segments[0]?.label).toBe('Inspection, and queue');
  });

  it('that was refused: nothing but its inspection', () => {
    const counts = { total: 0, succeeded: 0, failed: 0, unfinished: 0 };
    const life = lifeOf('failed', 9_999, {
      input: undefined,
      job: undefined,
      counts,
      endedAt: at(3),
    });
    expect(shortly(life)).toEqual(['inspection 0-3']);
  });
});

const time = fc
  .integer({ min: -100, max: 10_000 })
  .map((minutes) => new Date(at(minutes)).toISOString());
const maybe = fc.option(time, { nil: undefined });
const anyJob = fc.record({
  ...{ id: fc.string(), provider: fc.constant('openai'), attempt: fc.nat(9) },
  ...{ submittedAt: time, endedAt: time, requests: fc.nat(9), succeeded: fc.nat(9) },
  end: fc.constantFrom('completed', 'failed', 'expired', 'cancelled', 'aged'),
});
/** Its times may contradict each other, as those of several machines do. */
const anyBatch = fc.record({
  ...{ status: fc.constantFrom(...STATUSES), statusAt: time, createdAt: time, deadlineAt: time },
  ...{ inspectedAt: maybe, queuedSince: maybe, notBefore: maybe, cancelRequestedAt: maybe },
  ...{ endedAt: maybe, partCount: fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }) },
  lastDelivery: fc.option(
    fc.record({ number: fc.integer({ min: 1, max: 3 }), startedAt: maybe, endedAt: maybe }),
    { nil: undefined },
  ),
  job: fc.option(
    fc.record({ id: fc.string(), submittedAt: time, finished: fc.nat(9), estimatedEndAt: maybe }),
    { nil: undefined },
  ),
  jobs: fc.array(anyJob, { maxLength: 20 }),
  reasons: fc.array(fc.record({ code: fc.string(), message: fc.string(), at: maybe }), {
    maxLength: 5,
  }),
  counts: fc.constantFrom(
    { total: 0, succeeded: 0, failed: 0, unfinished: 0 },
    { total: 9, succeeded: 9, failed: 0, unfinished: 0 },
  ),
  attempts: fc.nat(9),
  waitingFor: fc.constantFrom(undefined, { kind: 'not_before', text: 'x' }),
});

describe('whatever the times of a record are', () => {
  it('its segments follow each other from its creation to its end, or to now', () => {
    fc.assert(
      fc.property(anyBatch, fc.nat(10_000), (batch, minutes) => {
        // What is missing has no part in the life of a batch.
        const life = timelineOf(batch as unknown as BatchInfo, at(minutes));
        const { start, end, segments } = life;
        expect(start).toBe(Date.parse(batch.createdAt));
        let before = start;
        for (const segment of segments) {
          expect(segment.start).toBe(before);
          expect(segment.end).toBeGreaterThan(segment.start);
          expect(segment.label).not.toBe('');
          before = segment.end;
        }
        expect(before).toBe(end);
        expect(end).toBe(Math.max(start, batch.endedAt ? Date.parse(batch.endedAt) : at(minutes)));
      }),
    );
  });

  it('they are drawn within their place, and none over another in its lane', () => {
    fc.assert(
      fc.property(anyBatch, fc.nat(10_000), (batch, minutes) => {
        const { shapes, height } = pictureOf(
          timelineOf(batch as unknown as BatchInfo, at(minutes)),
        );
        const bars = shapes.filter(({ tag }) => tag === 'svg').map(({ attributes }) => attributes);
        const lanes = Map.groupBy(bars, ({ y }) => y);
        for (const own of lanes.values()) {
          let until = 0;
          for (const { x, width } of own) {
            expect(Number.parseFloat(String(x))).toBeGreaterThanOrEqual(until - 0.01);
            until = Number.parseFloat(String(x)) + Number.parseFloat(String(width));
          }
          expect(until).toBeLessThanOrEqual(100.01);
        }
        expect(Number(height)).toBeLessThan(500);
        const ticks = shapes.filter(
          ({ tag, attributes }) => tag === 'line' && !('stroke-dasharray' in attributes),
        );
        expect(ticks.length).toBeLessThanOrEqual(7);
      }),
    );
  });
});

it('a deadline that is far ahead is named at the edge, so that there is room for what has been', () => {
  const far = pictureOf(lifeOf('queued', 60, { input: inspected, statusAt: at(2) }));
  expect(far.shapes.map(({ text }) => text)).toContain('deadline, 2026-12-02 10:00:00Z →');
  const near = pictureOf(lifeOf('queued', 20 * 60, { input: inspected, statusAt: at(2) }));
  expect(near.shapes.map(({ text }) => text)).toContain('deadline, 2026-12-02 10:00:00Z');
});
