import { type Handlers, ignored, refused, stay } from './decision.ts';
import { currentDelivery } from './delivering.ts';
import { enterDelivering, enterEnd, enterQueued, enterSplit } from './enter.ts';
import { hasPendingCleanup, recordDeletedFiles, resendCleanup } from './providerFiles.ts';

const REVIVED = { endedAt: undefined, cancelRequested: false } as const;

/** Completed, failed or cancelled: only a user brings it back. */
export const ended: Handlers = {
  due(batch, _event, context) {
    if (batch.dueAt === undefined) return ignored('nothing is owed');
    if (batch.endEventSent) return resendCleanup(batch, context);
    return { type: 'unchanged', effects: [{ type: 'announce' }] };
  },

  // Fenced by the time of the end: a batch that was retried may have ended, and owe, again.
  endEventSent(batch, { statusAt }, context) {
    const owed = batch.dueAt !== undefined && !batch.endEventSent && batch.statusAt === statusAt;
    if (!owed) return ignored('it is not owed');
    const dueAt = hasPendingCleanup(batch) ? context.now : undefined;
    return stay(batch, { endEventSent: true, dueAt });
  },

  cleanedUp: recordDeletedFiles,

  // The outcome of a processor that was given up for lost.
  delivered(batch, event, context) {
    const late = batch.status === 'failed' && event.deliveryId === currentDelivery(batch);
    return late ? enterEnd(batch, context, 'completed') : ignored('nothing waits for it');
  },

  cancelRequested(batch) {
    return ignored(`it is ${batch.status}`);
  },

  retryRequested(batch, event, context) {
    if (!batch.rows) return refused('nothing of it ever ran: add it again under a new batchId');
    if (batch.counts.succeeded === batch.counts.total) {
      return refused('none of its requests failed: use "redeliver" to run the processor again');
    }
    const { deadlineAt = context.now + context.policy.maxAgeSeconds * 1000 } = event;
    if (batch.parts) {
      const retries = (batch.retries ?? 0) + 1;
      const attemptBase = batch.attempt;
      return enterSplit(batch, context, { ...REVIVED, retries, attemptBase, deadlineAt });
    }
    return enterQueued(batch, context, {
      ...REVIVED,
      submission: batch.submission + 1,
      job: undefined,
      attemptBase: batch.attempt,
      failures: 0,
      selection: 'unsucceeded',
      deadlineAt,
    });
  },

  redeliverRequested(batch, _event, context) {
    return batch.rows
      ? enterDelivering(batch, context, REVIVED)
      : refused('it has no rows to deliver');
  },
};
