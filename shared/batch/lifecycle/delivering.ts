import { type Reason, shortReason } from '../errors.ts';
import { deliveryId } from '../ids.ts';
import { fullJitterMs } from '../policy.ts';
import type { BatchIn, Delivery } from '../record.ts';
import { invocation } from './claims.ts';
import {
  type Decision,
  type DecisionContext,
  type Handlers,
  ignored,
  stay,
  withReason,
} from './decision.ts';
import { enterCompleted, enterEnd } from './enter.ts';
import { recordDeletedFiles } from './providerFiles.ts';

/** The processor was invoked, or waits for its next invocation. */
export const delivering: Handlers<'delivering'> = {
  due(batch, _event, context) {
    if (!batch.delivery.pending) {
      return stay(batch, invocation(batch.delivery, context), { type: 'invokeProcessor' });
    }
    const reason = shortReason('delivery_lost', 'the processor reported no outcome in time');
    return deliverAgain(batch, context, reason);
  },

  // A success of any invocation counts.
  delivered(batch, event, context) {
    if (event.deliveryId !== currentDelivery(batch))
      return ignored('the outcome is of an earlier delivery');
    return enterCompleted(batch, context);
  },

  // A failure counts only for the invocation that is pending: the queue may deliver an old outcome
  // again, or late.
  deliveryFailed(batch, event, context) {
    const { delivery } = batch;
    const expected =
      event.deliveryId === currentDelivery(batch) && event.deliveryAttempt === delivery.attempt;
    if (!expected || !delivery.pending)
      return ignored('the outcome is not of the pending invocation');
    return deliverAgain(batch, context, event.reason);
  },

  filesDeleted: recordDeletedFiles,

  cancelRequested(batch) {
    return stay(batch, { cancelRequested: true });
  },
};

/** The id of the batch's last delivery; undefined if there was none. */
export function currentDelivery({
  keyPrefix,
  delivery,
}: {
  readonly keyPrefix: string;
  readonly delivery?: Delivery | undefined;
}): string | undefined {
  return delivery && deliveryId(keyPrefix, delivery.number);
}

function deliverAgain(
  batch: BatchIn<'delivering'>,
  context: DecisionContext,
  reason: Reason,
): Decision {
  const { policy, now, random } = context;
  const { delivery } = batch;
  const reasons = withReason(batch, reason);
  if (batch.cancelRequested) return enterEnd(batch, context, 'cancelled', { reasons });
  if (delivery.attempt >= policy.maxDeliveries) {
    return enterEnd(batch, context, 'failed', { reasons });
  }
  const wait = fullJitterMs(policy.retryBackoff, delivery.attempt - 1, random);
  return stay(batch, { reasons, delivery: { ...delivery, pending: false }, dueAt: now + wait });
}
