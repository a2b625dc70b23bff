import { deadlineOf } from '../newRecord.ts';
import { DELIVERING_SECONDS, latestStartSeconds, lifetimeSeconds, type Policy } from '../policy.ts';
import type { Batch, BatchFields } from '../record.ts';
import { type EndStatus, isEnded } from '../status.ts';
import { resendAt } from './claims.ts';
import { type Handlers, ignored, refused, stay } from './decision.ts';
import { currentDelivery } from './delivering.ts';
import {
  type CoreChanges,
  enterCompleted,
  enterDelivering,
  enterQueued,
  enterRetrying,
  enterSplit,
} from './enter.ts';
import { expireInput, inputExpiresAt, recordRemovedInput, whyInputIsGone } from './inputExpiry.ts';
import { hasPendingCleanup, recordLastDeletedFiles, resendDeletion } from './providerFiles.ts';

/** When everything of the batch is gone, in milliseconds since 1970. */
function expiryOf({ createdAt }: Batch, policy: Policy): number {
  return createdAt + lifetimeSeconds(policy) * 1000;
}

/** Whether nothing is left to do for an ended batch but to remove its input, in good time. */
export function awaitsInputExpiry(batch: BatchFields): boolean {
  const { status, dueAt, endEventSent } = batch;
  if (!isEnded(status) || dueAt === undefined || !endEventSent) return false;
  return !hasPendingCleanup(batch);
}

function latestStartOf({ createdAt }: Batch, policy: Policy): number {
  return createdAt + latestStartSeconds(policy) * 1000;
}

/** The batch is completed, failed or cancelled. Only a user's command opens it again. */
export const ended: Handlers<EndStatus> = {
  due(batch, _event, context) {
    if (batch.dueAt === undefined) return ignored('nothing is pending');
    if (batch.endEventSent)
      return hasPendingCleanup(batch)
        ? resendDeletion(batch, context)
        : expireInput(batch, context);
    // The bus may be missing for days. The event is published at the first try after it is back.
    const { sends } = batch;
    const changes = { sends: sends + 1, dueAt: resendAt(sends, context) };
    const announce = { type: 'announce' } as const;
    // Files at the provider do not wait for the event bus.
    return context.policy.cleanUpFiles && hasPendingCleanup(batch)
      ? stay(batch, changes, announce, { type: 'deleteProviderFiles' })
      : stay(batch, changes, announce);
  },

  // Fenced by the time of the end: after a retry the batch may have ended again, with a new event.
  endEventSent(batch, { statusAt }, context) {
    const isPending = !batch.endEventSent && batch.statusAt === statusAt;
    if (batch.dueAt === undefined || !isPending) return ignored('this event is not pending');
    const dueAt = hasPendingCleanup(batch) ? context.now : inputExpiresAt(batch, context);
    return stay(batch, { endEventSent: true, sends: 0, dueAt });
  },

  filesDeleted: recordLastDeletedFiles,

  inputRemoved: recordRemovedInput,

  // The outcome of an invocation that had counted as lost.
  delivered(batch, event, context) {
    const { input, rows } = batch;
    const isLate = batch.status === 'failed' && event.deliveryId === currentDelivery(batch);
    return isLate && input && rows
      ? enterCompleted({ ...batch, input, rows }, context)
      : ignored('no delivery is pending');
  },

  cancelRequested(batch) {
    return ignored(`it is ${batch.status}`);
  },

  retryRequested(batch, event, context) {
    const { input, rows, attempt } = batch;
    if (!input || !rows) {
      return refused('none of its requests ever ran: add it again under a new batchId');
    }
    if (batch.counts.succeeded === batch.counts.total) {
      return refused('none of its requests failed: redeliver it to run the processor again');
    }
    const gone = whyInputIsGone(batch);
    if (gone !== undefined) return refused(gone);
    const { policy, now } = context;
    const { notBefore = 0 } = batch.spec;
    // A part is run again for its batch, which may be.
    if (!batch.part && Math.max(now, notBefore) > latestStartOf(batch, policy)) {
      const expiry = new Date(expiryOf(batch, policy)).toISOString();
      return refused(`its files expire at ${expiry}: add it again under a new batchId`);
    }
    const { deadlineAt = deadlineOf(batch.spec, policy, now) } = event;
    const retries = batch.retries + 1;
    const revived = { cancelRequested: false, retries, attemptBase: attempt, deadlineAt };
    const { parts } = input;
    if (parts) return enterSplit({ ...batch, input: { ...input, parts } }, context, revived);
    const again: CoreChanges = {
      ...revived,
      submission: batch.submission + 1,
      failures: 0,
      selection: 'unsucceeded',
    };
    const inspected = { ...batch, input, rows };
    return notBefore > now
      ? enterRetrying(inspected, context, notBefore, again)
      : enterQueued(inspected, context, again);
  },

  redeliverRequested(batch, _event, context) {
    const { input, rows } = batch;
    const gone = whyInputIsGone(batch);
    if (gone !== undefined) return refused(gone);
    if (context.now > expiryOf(batch, context.policy) - DELIVERING_SECONDS * 1000)
      return refused('its files expire within two days');
    return input && rows
      ? enterDelivering({ ...batch, input, rows }, context, { cancelRequested: false })
      : refused('it has no rows to deliver');
  },
};
