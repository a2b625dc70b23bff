import { omitUndefined } from '../../omitUndefined.ts';
import type { Job, Outcome } from '../job.ts';
import { maxBackoffMs } from '../policy.ts';
import {
  type Batch,
  type BatchFields,
  type BatchIn,
  type Core,
  coreSchema,
  type Delivery,
  type Input,
  type Rows,
  type SplitInput,
} from '../record.ts';
import type { EndStatus, Status } from '../status.ts';
import { type Decision, type DecisionContext, withReason } from './decision.ts';
import type { Effect } from './events.ts';

/** One function for each status that can be entered: what entering it sets and sets going. */

/** Values of the core to set with the new status; `undefined` removes an optional one. */
export type CoreChanges = Partial<Core>;

/** What only some statuses hold, `S` among them. */
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

/** What a record keeps whatever status it enters. */
function coreOf(batch: Batch): Core {
  return Object.fromEntries(CORE_KEYS.map((key) => [key, batch[key]])) as Core;
}

/** @param own all that the new status holds: nothing that belongs to the old one goes along */
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
  // `Own` is what `BatchIn` has beside the core, which TypeScript cannot see of a status not yet known.
  const next = omitUndefined({ ...core, ...own, ...entered }) as unknown as BatchIn<S>;
  // Last: a provider that is slow to delete a file delays nothing else.
  const isNew = core.jobsToDelete.length > batch.jobsToDelete.length;
  const deletion: Effect[] = isNew ? [{ type: 'deleteProviderFiles' }] : [];
  return { type: 'changed', batch: next, effects: [...effects, { type: 'announce' }, ...deletion] };
}

/** What a record keeps from its inspection to its end. */
function progressOf({ input, rows, delivery }: Inspected) {
  return { input, rows, delivery };
}

export function enterQueued(
  batch: Inspected,
  context: DecisionContext,
  changes: CoreChanges,
  ...effects: Effect[]
): Decision {
  return enter(batch, 'queued', context, progressOf(batch), changes, ...effects);
}

/** Due at once, or when it may start, and then for as long as its parts run. */
export function enterSplit(
  batch: Inspected & { readonly input: SplitInput },
  context: DecisionContext,
  changes: CoreChanges,
): Decision {
  const dueAt = Math.max(context.now, batch.spec.notBefore ?? 0);
  const own = { ...progressOf(batch), input: batch.input, dueAt };
  return enter(batch, 'split', context, own, changes);
}

export function enterSubmitting(
  batch: BatchIn<'queued'>,
  context: DecisionContext,
  provider: string,
): Decision {
  const own = { ...progressOf(batch), dueAt: resendAt(0, context) };
  const submit = { type: 'sendWork', work: 'submit' } as const;
  return enter(batch, 'submitting', context, own, { provider, sends: 1 }, submit);
}

export function enterRunning(
  batch: BatchIn<'submitting'>,
  context: DecisionContext,
  job: Job,
  ...effects: Effect[]
): Decision {
  // Due at once and for as long as it runs: every sweep checks it, and nothing is written.
  const own = { ...progressOf(batch), job, dueAt: context.now };
  const changes = { attempt: batch.attempt + 1, failures: 0 };
  return enter(batch, 'running', context, own, changes, ...effects);
}

/** Also for a batch that never had a job: the collection gives every request its row. */
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
  return { ...progressOf(batch), job, outcome, dueAt };
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
  const own = { ...progressOf(batch), resumeAt, dueAt };
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
  const own = { ...progressOf(batch), job, rows: batch.rows, ...invocation(delivery, context) };
  return enter(batch, 'delivering', context, own, changes, { type: 'invokeProcessor' });
}

/** An ended batch stays due until its end event was sent and its jobs' files are deleted. */
export function enterCompleted(
  batch: Collected,
  context: DecisionContext,
  changes: CoreChanges = {},
): Decision {
  const own = { ...progressOf(batch), rows: batch.rows, ...endingOf(batch, context) };
  return enter(batch, 'completed', context, own, changes);
}

/** Ends a batch that did not complete, with what it has. */
export function enterEnd(
  batch: Batch,
  context: DecisionContext,
  status: Exclude<EndStatus, 'completed'>,
  changes: CoreChanges = {},
): Decision {
  return enter(batch, status, context, unsuccessfulOf(batch, context), changes);
}

/** Ends a batch whose input is refused. `inputErrorsKey` names the file with all reasons. */
export function enterRefused(
  batch: BatchIn<'inspecting'>,
  context: DecisionContext,
  inputErrorsKey: string | undefined,
  changes: CoreChanges,
): Decision {
  const own = { ...unsuccessfulOf(batch, context), inputErrorsKey };
  return enter(batch, 'failed', context, own, changes);
}

function unsuccessfulOf(batch: Batch, context: DecisionContext): Own<'cancelled'> {
  const { input, rows, delivery }: BatchFields = batch;
  return { input, rows, delivery, ...endingOf(batch, context) };
}

function endingOf({ job }: BatchFields, { now }: DecisionContext) {
  return { job, endedAt: now, dueAt: now };
}

/** What is sent may be lost: when it is sent again, and with what. */

/** When work that was sent and not claimed is sent again. */
export function resendAt(sends: number, { policy, now }: DecisionContext): number {
  return now + maxBackoffMs(policy.resendBackoff, sends);
}

/**
 * The wait before a batch is queued again. SQS delays a message for 15 minutes at most: a longer
 * wait stays in the record until that much is left. Once the message is sent, the sweeper acts
 * again only if it seems to be lost.
 *
 * @param wait `version` is that of the record as it will be written: the message is good for it only
 */
export function requeue(
  { resumeAt, sends, version }: Pick<BatchIn<'retrying'>, 'resumeAt' | 'sends' | 'version'>,
  { policy, now }: DecisionContext,
): { dueAt: number; effects: readonly Effect[] } {
  const waitMs = Math.max(0, resumeAt - now);
  const maxDelayMs = policy.maxDelaySeconds * 1000;
  if (waitMs > maxDelayMs) return { dueAt: now + waitMs - maxDelayMs, effects: [] };
  const graceMs = maxBackoffMs(policy.resendBackoff, sends);
  return {
    dueAt: now + waitMs + graceMs,
    effects: [{ type: 'sendRequeue', delaySeconds: waitMs / 1000, version }],
  };
}

/** The next invocation of a delivery, and when its outcome counts as lost. */
export function invocation(
  { number, attempt, invocations }: Delivery,
  { policy, now }: DecisionContext,
): Pick<BatchIn<'delivering'>, 'delivery' | 'dueAt'> {
  const outcomeSeconds =
    policy.invocationAgeSeconds + policy.processorTimeoutSeconds + policy.leaseMarginSeconds;
  return {
    delivery: { number, attempt: attempt + 1, invocations: invocations + 1, pending: true },
    dueAt: now + outcomeSeconds * 1000,
  };
}
