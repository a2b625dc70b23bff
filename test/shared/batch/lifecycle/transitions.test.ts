import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  type BatchEvent,
  EVENT_TYPES,
  type EventType,
} from '../../../../shared/batch/lifecycle/events.ts';
import { assertAllowed, TRANSITIONS } from '../../../../shared/batch/lifecycle/transitions.ts';
import { type BatchFields, batchSchema } from '../../../../shared/batch/record.ts';
import { isEnded, STATUSES, type Status } from '../../../../shared/batch/status.ts';
import {
  type Changes,
  EVENTS,
  EXPIRED,
  type Given,
  given,
  INPUT,
  LIVE,
  NOW,
  SLICES,
  when,
} from '../../../support/given.ts';

const DAY = 24 * 60 * 60 * 1000;

const NOTHING_PENDING: Changes = {
  endEventSent: true,
  jobsToDelete: [],
  leftovers: undefined,
  dueAt: undefined,
};

/** Its input was due to expire. */
const OVER: Changes = { ...NOTHING_PENDING, dueAt: NOW, endedAt: NOW - 8 * DAY };

const ALWAYS_HAVE_ROWS: ReadonlySet<Status> = new Set(['delivering', 'completed']);

/** Ways in which records differ that any decision may depend on, in all combinations. */
function variantsOf(status: Status): Given[] {
  const dimensions: Changes[][] = [
    [{}, { claim: LIVE }, { claim: EXPIRED }],
    [{}, { cancelRequested: true }],
    [{}, { deadlineAt: NOW - 1 }, { deadlineAt: NOW - 3 * DAY }],
    [{}, { spec: { notBefore: NOW + DAY } }],
    [{}, { attempt: 5 }],
    [
      {},
      ...(status === 'delivering' ? [] : [{ delivery: undefined }]),
      { delivery: { number: 1, attempt: 5, invocations: 5, pending: true } },
      { delivery: { number: 1, attempt: 1, invocations: 1, pending: false } },
    ],
    [
      {},
      ...(ALWAYS_HAVE_ROWS.has(status) ? [] : [{ rows: undefined }]),
      { rows: EVENTS.collected.rows, counts: { total: 9, succeeded: 9, failed: 0, unfinished: 0 } },
    ],
    [{}, { outcome: { kind: 'cancelled', files: [] } }, { jobsToDelete: ['job_1'], leftovers: 1 }],
    [
      {},
      { input: { ...INPUT, parts: SLICES } },
      { part: { parentId: 'b0', range: { start: 0, end: 50 } } },
    ],
    isEnded(status)
      ? [{}, { endEventSent: true }, NOTHING_PENDING, { ...OVER, inputExpiredAt: NOW - 1 }]
      : [{}],
  ];
  const combined = dimensions.reduce<Changes[]>(
    (all, options) => all.flatMap((a) => options.map((b) => ({ ...a, ...b }))),
    [{}],
  );
  return combined.map((changes) => given(status, changes));
}

const VARIANTS = new Map(STATUSES.map((status) => [status, variantsOf(status)]));
const variants = (status: Status): Given[] => VARIANTS.get(status) ?? [];

function eventVariants(type: EventType): BatchEvent[] {
  const outcome = { kind: 'completed' as const, jobId: 'job_1', files: ['f1'] };
  const full = { total: 10, succeeded: 10, failed: 0, unfinished: 0 };
  switch (type) {
    case 'claimed':
      return (['inspecting', 'submitting', 'collecting'] as const).map((work) => ({
        ...EVENTS.claimed,
        work,
      }));
    case 'inspected':
      return [EVENTS.inspected, { ...EVENTS.inspected, input: { ...INPUT, parts: SLICES } }];
    case 'submitRefused':
      return (['quota', 'account', 'permanent'] as const).map((refusal) => ({
        ...EVENTS.submitRefused,
        refusal,
      }));
    case 'jobChecked':
      return [
        EVENTS.jobChecked,
        { ...EVENTS.jobChecked, job: { state: 'missing' } },
        { ...EVENTS.jobChecked, job: { state: 'unknown', status: 'weird' } },
        { ...EVENTS.jobChecked, job: { state: 'ended', outcome } },
        {
          ...EVENTS.jobChecked,
          job: { state: 'ended', outcome: { kind: 'failed', files: [], refusal: 'quota' } },
        },
      ];
    case 'collected':
      return [
        EVENTS.collected,
        { ...EVENTS.collected, counts: full },
        { ...EVENTS.collected, counts: { ...full, succeeded: 0, failed: 10 } },
      ];
    case 'deliveryFailed':
      return [EVENTS.deliveryFailed, { ...EVENTS.deliveryFailed, deliveryAttempt: 5 }];
    default:
      return [EVENTS[type]];
  }
}

/** Every status to which an actual decision on the event leads. */
function reached(status: Status, type: EventType): Status[] {
  const found = new Set<Status>();
  const events = eventVariants(type);
  for (const batch of variants(status)) {
    for (const event of events) {
      const decision = when(batch, event);
      if (decision.type === 'changed') found.add(decision.batch.status);
      if (decision.type === 'unchanged') found.add(status);
    }
  }
  return [...found].sort();
}

/** Nothing is pending for an ended record whose event was sent and whose files are deleted. */
function isPending({ status, endEventSent, jobsToDelete, leftovers }: BatchFields): boolean {
  return !isEnded(status) || !endEventSent || jobsToDelete.length > 0 || leftovers !== undefined;
}

/** What is wrong with the record that a decision wrote. */
function wrongsOf(before: BatchFields, written: BatchFields): string[] {
  const { status, version, submission, dueAt, claim } = written;
  const isDueRight =
    status === 'queued' ? dueAt === undefined : !isPending(written) || dueAt !== undefined;
  const rules = {
    'is not read as it was written': isDeepStrictEqual(batchSchema.parse(written), written),
    'is not one version on': version === before.version + 1,
    'has a lower count of submissions': submission >= before.submission,
    'is due when it should not be, or not when it should': isDueRight,
    'has the claim of the status before': status === before.status || claim === undefined,
  };
  return Object.entries(rules).flatMap(([rule, holds]) => (holds ? [] : [rule]));
}

const pairs = STATUSES.flatMap((status) => EVENT_TYPES.map((type) => [status, type] as const));

describe('every status and every event', () => {
  it.each(pairs)('%s × %s leads exactly where the table says', (status, type) => {
    const expected = [...(TRANSITIONS[status][type] ?? [])].sort();
    expect(reached(status, type)).toEqual(expected);
  });

  it('writes records that are valid, one version on, and due as long as they are open', () => {
    const events = EVENT_TYPES.flatMap(eventVariants);
    for (const status of STATUSES)
      for (const batch of variants(status).filter((_, index) => index % 7 === 0))
        for (const event of events) {
          const decision = when(batch, event);
          if (decision.type !== 'changed') continue;
          const wrongs = wrongsOf(batch, decision.batch);
          if (wrongs.length > 0)
            expect.fail(`${event.type} of ${JSON.stringify(batch)}: ${wrongs}`);
        }
  });
});

it('a decision that the table does not allow is a bug, and names what it would do', () => {
  expect(() => assertAllowed('running', 'jobChecked', 'completed')).toThrow(
    'jobChecked must not take a batch from running to completed',
  );
  expect(() => assertAllowed('queued', 'collected', 'queued')).toThrow(
    'collected must not take a batch from queued to queued',
  );
  expect(() => assertAllowed('running', 'jobChecked', 'collecting')).not.toThrow();
});
