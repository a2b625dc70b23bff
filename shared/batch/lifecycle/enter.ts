import type { Batch } from '../batch.ts';
import type { Effect } from '../effects.ts';
import type { Job, Outcome } from '../job.ts';
import type { EndStatus, Status } from '../status.ts';
import { invocation, requeue, resendAt } from './again.ts';
import { type Changes, type Decision, type Moment, revise, withReason } from './decision.ts';

/** One function for each status that can be entered: what entering it sets and sets going. */

function enter(
  batch: Batch,
  status: Status,
  { now }: Moment,
  changes: Changes,
  ...effects: Effect[]
): Decision {
  const next = revise(batch, {
    // Nothing that belongs to the old status survives unless it is set again.
    claim: undefined,
    intentAt: undefined,
    resumeAt: undefined,
    outcome: undefined,
    dueAt: undefined,
    endEventSent: undefined,
    sends: 0,
    ...changes,
    status,
    previousStatus: batch.status,
    statusAt: now,
  });
  // Last: a provider that is slow to delete a file delays nothing else.
  const cleanUp: Effect[] = next.cleanUp.length > batch.cleanUp.length ? [{ type: 'cleanUp' }] : [];
  return { type: 'changed', batch: next, effects: [...effects, { type: 'announce' }, ...cleanUp] };
}

export function enterQueued(batch: Batch, moment: Moment, changes: Changes, ...effects: Effect[]) {
  return enter(batch, 'queued', moment, changes, ...effects);
}

/** Due at once, or when it may start, and then for as long as its parts run. */
export function enterSplit(batch: Batch, moment: Moment, changes: Changes): Decision {
  const dueAt = Math.max(moment.now, batch.notBefore ?? 0);
  return enter(batch, 'split', moment, { ...changes, dueAt });
}

export function enterSubmitting(batch: Batch, moment: Moment, changes: Changes = {}): Decision {
  return enter(
    batch,
    'submitting',
    moment,
    { ...changes, sends: 1, dueAt: resendAt(0, moment) },
    { type: 'sendWork', work: 'submit' },
  );
}

export function enterRunning(batch: Batch, moment: Moment, job: Job, ...effects: Effect[]) {
  return enter(
    batch,
    'running',
    moment,
    // Due at once and for as long as it runs: every sweep checks it, and nothing is written.
    { job, attempt: batch.attempt + 1, failures: 0, dueAt: moment.now },
    ...effects,
  );
}

/** Also for what never had a job: the collection gives every request its row. */
export function enterCollecting(
  batch: Batch,
  moment: Moment,
  outcome: Outcome,
  changes: Changes = {},
): Decision {
  const reasons = withReason(batch, outcome.reason);
  const sent = { sends: 1, dueAt: resendAt(0, moment) };
  const collect = { type: 'sendWork', work: 'collect' } as const;
  return enter(batch, 'collecting', moment, { reasons, ...changes, outcome, ...sent }, collect);
}

/**
 * The same, decided by a worker. It must not send to the queue that it works off, because Lambda
 * stops such loops: the next sweep sends the work.
 */
export function oweCollecting(
  batch: Batch,
  moment: Moment,
  outcome: Outcome,
  changes: Changes = {},
): Decision {
  const reasons = withReason(batch, outcome.reason);
  return enter(batch, 'collecting', moment, { reasons, ...changes, outcome, dueAt: moment.now });
}

export function enterRetrying(
  batch: Batch,
  moment: Moment,
  resumeAt: number,
  changes: Changes,
  ...others: Effect[]
): Decision {
  const parked = revise(batch, { ...changes, resumeAt });
  const { dueAt, effects } = requeue(parked, moment);
  return enter(batch, 'retrying', moment, { ...changes, resumeAt, dueAt }, ...effects, ...others);
}

export function enterDelivering(batch: Batch, moment: Moment, changes: Changes): Decision {
  const number = (batch.delivery?.number ?? 0) + 1;
  const invocations = batch.delivery?.invocations ?? 0;
  const delivery = { number, attempt: 0, invocations, pending: false };
  return enter(
    batch,
    'delivering',
    moment,
    { ...changes, ...invocation({ ...batch, delivery }, moment) },
    { type: 'invokeProcessor' },
  );
}

/** An ended batch stays due until its end event was sent and its jobs' files are deleted. */
export function enterEnd(
  batch: Batch,
  moment: Moment,
  status: EndStatus,
  changes: Changes = {},
): Decision {
  return enter(batch, status, moment, { ...changes, endedAt: moment.now, dueAt: moment.now });
}
