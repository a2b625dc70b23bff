import { omitUndefined } from '../../omitUndefined.ts';
import type { Input, SplitInput } from '../input.ts';
import type { Job, Outcome } from '../job.ts';
import {
  type Batch,
  type BatchFields,
  type BatchIn,
  type Core,
  coreSchema,
  type Delivery,
  type Rows,
} from '../record.ts';
import type { EndStatus, Status } from '../status.ts';
import { invocation, requeue, resendAt } from './claims.ts';
import { type Decision, type DecisionContext, withReason } from './decision.ts';
import type { Effect, EventOf } from './events.ts';

/** One function per status that can be entered: the fields that it sets and the effects that follow. */

/** Fields of the core to set with the new status; `undefined` removes an optional one. */
export type CoreChanges = Partial<Core>;

/** The fields that the status has beside the core. */
type Own<S extends Status> = S extends Status ? Omit<BatchIn<S>, keyof Core | 'status'> : never;

/** The record of a batch whose input was inspected. */
type Inspected = Batch & {
  readonly input: Input;
  readonly rows?: Rows | undefined;
  readonly delivery?: Delivery | undefined;
};
/** The record of a batch that has rows. */
export type Collected = Inspected & { readonly rows: Rows };

const CORE_KEYS = Object.keys(coreSchema.shape) as readonly (keyof Core)[];

/** The fields that a record keeps whatever status it enters. */
function coreOf(batch: Batch): Core {
  return Object.fromEntries(CORE_KEYS.map((key) => [key, batch[key]])) as Core;
}

/** @param own all fields that the new status has beside the core. None of the old status are kept. */
function enter<S extends Status>(
  batch: Batch,
  status: S,
  { now }: DecisionContext,
  own: Own<S>,
  changes: CoreChanges,
  ...effects: Effect[]
): Decision {
  const { version, status: previousStatus } = batch;
  const entered = { version: version + 1, status, previousStatus, statusAt: now };
  const core: Core = { ...coreOf(batch), sends: 0, ...changes };
  core.queuedSince = queuedSince(status, core, now);
  // TypeScript cannot see for a generic status that the core and `Own` are together its record.
  const next = omitUndefined({ ...core, ...own, ...entered }) as unknown as BatchIn<S>;
  // Last, so that a provider that is slow to delete a file delays nothing else.
  const isNew = core.jobsToDelete.length > batch.jobsToDelete.length;
  const deletion: Effect[] = isNew ? [{ type: 'deleteProviderFiles' }] : [];
  return { type: 'changed', batch: next, effects: [...effects, { type: 'announce' }, ...deletion] };
}

/** Statuses in which a batch waits for a job, or has one that may still be refused. */
const BEFORE_ACCEPTANCE: ReadonlySet<Status> = new Set([
  'queued',
  'submitting',
  'running',
  'retrying',
]);

/** A batch that is refused for quota goes back to its queue, and has waited since before. */
function queuedSince(status: Status, { queuedSince: before }: Core, now: number) {
  if (!BEFORE_ACCEPTANCE.has(status)) return undefined;
  return status === 'queued' ? (before ?? now) : before;
}

/** The fields that a record keeps from its inspection to its end. */
function inspectedFields({ input, rows, delivery }: Inspected) {
  return { input, rows, delivery };
}

export function enterQueued(
  batch: Inspected,
  context: DecisionContext,
  changes: CoreChanges,
  ...effects: Effect[]
): Decision {
  return enter(batch, 'queued', context, inspectedFields(batch), changes, ...effects);
}

/** The batch is due at once, or at `notBefore`, and stays due as long as its parts run. */
export function enterSplit(
  batch: Inspected & { readonly input: SplitInput },
  context: DecisionContext,
  changes: CoreChanges,
): Decision {
  const dueAt = Math.max(context.now, batch.spec.notBefore ?? 0);
  const own = { ...inspectedFields(batch), input: batch.input, dueAt };
  return enter(batch, 'split', context, own, changes);
}

export function enterSubmitting(
  batch: BatchIn<'queued'>,
  context: DecisionContext,
  { provider = batch.provider, splitTo }: Pick<EventOf<'admitted'>, 'provider' | 'splitTo'>,
): Decision {
  const own = { ...inspectedFields(batch), splitTo, dueAt: resendAt(0, context) };
  const submit = { type: 'sendWork', work: 'submit' } as const;
  return enter(batch, 'submitting', context, own, { provider, sends: 1 }, submit);
}

export function enterRunning(
  batch: BatchIn<'submitting'>,
  context: DecisionContext,
  job: Job,
  ...effects: Effect[]
): Decision {
  // Due at once and as long as the job runs: every sweep checks the job without a write.
  const own = { ...inspectedFields(batch), job, dueAt: context.now };
  const changes = { attempt: batch.attempt + 1, failures: 0 };
  return enter(batch, 'running', context, own, changes, ...effects);
}

/** Also for a batch that never had a job: the collection gives every request a row. */
export function enterCollecting(
  batch: Inspected,
  context: DecisionContext,
  outcome: Outcome,
  changes: CoreChanges = {},
): Decision {
  const own = collectingOf(batch, outcome, resendAt(0, context));
  const sent = { reasons: withReason(batch, outcome.reason), ...changes, sends: 1 };
  return enter(batch, 'collecting', context, own, sent, { type: 'sendWork', work: 'collect' });
}

/**
 * Like {@link enterCollecting}, when a worker decides it. A worker must not send to the queue that
 * it works off, because Lambda stops such loops: the next sweep sends the work.
 */
export function enterPendingCollecting(
  batch: Inspected,
  context: DecisionContext,
  outcome: Outcome,
  changes: CoreChanges = {},
): Decision {
  const own = collectingOf(batch, outcome, context.now);
  const reasons = withReason(batch, outcome.reason);
  return enter(batch, 'collecting', context, own, { reasons, ...changes });
}

function collectingOf(batch: Inspected, outcome: Outcome, dueAt: number): Own<'collecting'> {
  const { job }: BatchFields = batch;
  return { ...inspectedFields(batch), job, outcome, dueAt };
}

export function enterRetrying(
  batch: Inspected,
  context: DecisionContext,
  resumeAt: number,
  changes: CoreChanges,
  ...others: Effect[]
): Decision {
  const { sends, version } = batch;
  const { dueAt, effects } = requeue({ resumeAt, sends, version: version + 1 }, context);
  const own = { ...inspectedFields(batch), resumeAt, dueAt };
  return enter(batch, 'retrying', context, own, changes, ...effects, ...others);
}

export function enterDelivering(
  batch: Collected,
  context: DecisionContext,
  changes: CoreChanges,
): Decision {
  const { job }: BatchFields = batch;
  const { number = 0, invocations = 0 } = batch.delivery ?? {};
  const delivery = { number: number + 1, attempt: 0, invocations, pending: false };
  const own = {
    ...inspectedFields(batch),
    job,
    rows: batch.rows,
    ...invocation(delivery, context),
  };
  return enter(batch, 'delivering', context, own, changes, { type: 'invokeProcessor' });
}

/** An ended batch stays due until its end event is sent and the files of its jobs are deleted. */
export function enterCompleted(
  batch: Collected,
  context: DecisionContext,
  changes: CoreChanges = {},
): Decision {
  const { input, rows, delivery } = batch;
  const delivered = delivery && { ...delivery, endedAt: context.now };
  const own = { input, rows, delivery: delivered, ...endingOf(batch, context) };
  return enter(batch, 'completed', context, own, changes);
}

/** Ends a batch that did not complete. It keeps the rows that it has. */
export function enterEnd(
  batch: Batch,
  context: DecisionContext,
  status: Exclude<EndStatus, 'completed'>,
  changes: CoreChanges = {},
): Decision {
  return enter(batch, status, context, unsuccessfulOf(batch, context), changes);
}

/** Ends a batch whose input is refused. `inputErrorsKey` is the key of the file with all reasons. */
export function enterRefused(
  batch: BatchIn<'inspecting'>,
  context: DecisionContext,
  refused: Pick<BatchIn<'failed'>, 'inputErrorsKey' | 'inputProblems'>,
  changes: CoreChanges,
): Decision {
  const own = { ...unsuccessfulOf(batch, context), ...refused };
  return enter(batch, 'failed', context, own, changes);
}

function unsuccessfulOf(batch: Batch, context: DecisionContext): Own<'cancelled'> {
  const { status, input, rows, delivery: last }: BatchFields = batch;
  // That of an earlier end stays as it was.
  const delivery = last && status === 'delivering' ? { ...last, endedAt: context.now } : last;
  return { input, rows, delivery, ...endingOf(batch, context) };
}

function endingOf({ job }: BatchFields, { now }: DecisionContext) {
  return { job, endedAt: now, dueAt: now };
}
