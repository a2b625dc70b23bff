import { omitUndefined } from '../../omitUndefined.ts';
import { MAX_REASONS, type NotedReason, type Reason } from '../errors.ts';
import { MAX_PAST_JOBS, type Outcome, type PastJob } from '../job.ts';
import { requestsToSend } from '../ledger.ts';
import type { Policy } from '../policy.ts';
import type { Batch, BatchIn } from '../record.ts';
import type { Status } from '../status.ts';
import type { Effect, EventOf, EventType } from './events.ts';

/** Time, chance and policy as arguments, so that the lifecycle is pure. */
export interface DecisionContext {
  readonly policy: Policy;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** In [0, 1). */
  readonly random: number;
}

/**
 * - `changed`: write the record, then perform the effects;
 * - `unchanged`: perform the effects, there is nothing to write;
 * - `ignored`: the event is stale or does not concern this status, which is normal;
 * - `refused`: a user's command that is not possible in this status.
 */
export type Decision =
  | { readonly type: 'changed'; readonly batch: Batch; readonly effects: readonly Effect[] }
  | { readonly type: 'unchanged'; readonly effects: readonly Effect[] }
  | { readonly type: 'ignored'; readonly why: string }
  | { readonly type: 'refused'; readonly why: string };

/**
 * What a status does on each event. An event without a handler does not concern the status. Each
 * handler takes the record as the status has it.
 */
export type Handlers<S extends Status> = {
  readonly [T in EventType]?: (
    batch: BatchIn<S>,
    event: EventOf<T>,
    context: DecisionContext,
  ) => Decision;
};

/**
 * The next version of a record, in the same status.
 *
 * @param changes values to set; `undefined` removes an optional one
 */
export function revise<B extends Batch>(batch: B, changes: Partial<B>): B {
  const next: B = { ...batch, ...changes, version: batch.version + 1 };
  return omitUndefined(next) as B;
}

/** Stays in its status with some values changed. */
export function stay<B extends Batch>(
  batch: B,
  changes: Partial<B>,
  ...effects: Effect[]
): Decision {
  return { type: 'changed', batch: revise(batch, changes), effects };
}

export function ignored(why: string): Decision {
  return { type: 'ignored', why };
}

export function refused(why: string): Decision {
  return { type: 'refused', why };
}

/** The record's reasons and one more: the last {@link MAX_REASONS} of them. */
export function withReason({ reasons }: Pick<Batch, 'reasons'>, reason?: Reason): NotedReason[] {
  return reason ? [...reasons, reason].slice(-MAX_REASONS) : reasons;
}

/** The record's past jobs and the one that it names, if it names one: the last of them. */
export function withPastJob(
  batch: BatchIn<'running' | 'collecting'>,
  { kind: end, reason }: Outcome,
  endedAt: number,
  collected: Pick<PastJob, 'succeeded' | 'rowsToken'>,
): PastJob[] {
  const { job, provider, attempt, pastJobs } = batch;
  if (!job) return pastJobs;
  const { id, submittedAt } = job;
  const requests = requestsToSend(batch);
  const times = { submittedAt, endedAt };
  const past = { id, provider, attempt, ...times, end, code: reason?.code, requests, ...collected };
  return [...pastJobs, omitUndefined(past)].slice(-MAX_PAST_JOBS);
}
