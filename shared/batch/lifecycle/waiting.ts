import { shortReason } from '../errors.ts';
import type { Outcome } from '../job.ts';
import { requestsToSend } from '../ledger.ts';
import type { Batch, BatchIn } from '../record.ts';
import {
  CANCELLED_BATCH,
  EXPIRED_BATCH,
  earlyEndOutcome,
  isPastDeadline,
  partsLostAt,
  requeue,
} from './claims.ts';
import {
  type Decision,
  type DecisionContext,
  type Handlers,
  ignored,
  revise,
  stay,
} from './decision.ts';
import { enterCollecting, enterPendingCollecting, enterQueued, enterSubmitting } from './enter.ts';
import type { EventOf } from './events.ts';
import { hasPendingCleanup, recordDeletedFiles } from './providerFiles.ts';

/** The batch waits for capacity at its provider. */
export const queued: Handlers<'queued'> = {
  due(batch, _event, context) {
    if (!isPastDeadline(batch, context)) return ignored('it waits for capacity');
    return enterCollecting(batch, context, { ...EXPIRED_BATCH, ...waitedFor(batch) });
  },

  admitted(batch, event, context) {
    const { provider = batch.provider, splitTo } = event;
    if (provider !== batch.provider && hasPendingCleanup(batch))
      return ignored('the files that it left at its provider must be deleted first');
    // Its parts would send those requests again that have succeeded.
    if (splitTo && requestsToSend(batch) < batch.counts.total)
      return ignored('some of its requests have finished, so it cannot be split');
    return enterSubmitting(batch, context, event);
  },

  filesDeleted: recordDeletedFiles,

  cancelRequested(batch, _event, context) {
    return enterCollecting(batch, context, CANCELLED_BATCH, { cancelRequested: true });
  },
};

/** Why a batch at its deadline still waits, as far as its provider has said. */
function waitedFor({ reasons }: Batch): Pick<Outcome, 'reason'> {
  const last = reasons.findLast(({ quota }) => quota !== undefined) ?? reasons.at(-1);
  if (!last) return {};
  const message = `the batch reached its maximum age while it waited after this: ${last.message}`;
  return { reason: shortReason('max_age', message) };
}

/**
 * The batch waits for the end of its backoff or for its `notBefore`. A deletion of files is not
 * recorded in this status: a new version of the record would invalidate the message that ends the
 * wait.
 */
export const retrying: Handlers<'retrying'> = {
  due(batch, _event, context) {
    if (isPastDeadline(batch, context)) return enterCollecting(batch, context, EXPIRED_BATCH);
    const next = revise(batch, { sends: batch.sends + 1 });
    const { dueAt, effects } = requeue(next, context);
    return { type: 'changed', batch: { ...next, dueAt }, effects };
  },

  requeued(batch, event, context) {
    if (event.version !== batch.version) return ignored('the message belongs to another wait');
    const end = earlyEndOutcome(batch, context);
    return end ? enterCollecting(batch, context, end) : enterQueued(batch, context, {});
  },

  cancelRequested(batch, _event, context) {
    return enterCollecting(batch, context, CANCELLED_BATCH, { cancelRequested: true });
  },
};

/** The input is too large for one job: its parts run as batches of their own, and the batch waits. */
export const split: Handlers<'split'> = {
  // The parts have the same deadline, and their grace period is over before. Those that have rows are
  // collected all the same.
  due(batch, _event, context) {
    if (context.now < partsLostAt(batch)) return ignored('its parts still run');
    const reason = shortReason('parts_lost', 'some of its parts did not end in time');
    return enterCollecting(batch, context, { ...EXPIRED_BATCH, reason });
  },

  partsEnded,

  // The next sweep cancels the parts.
  cancelRequested(batch, _event, context) {
    return stay(batch, { cancelRequested: true, dueAt: context.now });
  },
};

/** The collection merges the rows of the parts. How each part ended is in its rows. */
function partsEnded(
  batch: BatchIn<'split'>,
  event: EventOf<'partsEnded'>,
  context: DecisionContext,
): Decision {
  if (event.retries !== batch.retries) return ignored('its parts run again since');
  return enterPendingCollecting(batch, context, { kind: 'completed', files: [] });
}
