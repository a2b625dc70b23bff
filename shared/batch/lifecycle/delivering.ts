import { type Reason, shortReason } from '../errors.ts';
import { deliveryId } from '../ids.ts';
import { fullJitterMs } from '../policy.ts';
import type { BatchIn, Delivery } from '../record.ts';
import {
  type Decision,
  type DecisionContext,
  type Handlers,
  ignored,
  stay,
  withReason,
} from './decision.ts';
import { enterCompleted, enterEnd, invocation } from './enter.ts';
import { recordDeletedFiles } from './providerFiles.ts';

/** The processor has been invoked, or waits to be invoked again. */
export const delivering: Handlers<'delivering'> = {
  due(batch, _event, context) {
    if (!batch.delivery.pending) {
      return stay(batch, invocation(batch.delivery, context), { type: 'invokeProcessor' });
    }
    const reason = shortReason('delivery_lost', 'the processor gave no outcome in time');
    return deliverAgain(batch, context, reason);
  },

  // A success counts whichever invocation it is of.
  delivered(batch, event, context) {
    if (event.deliveryId !== currentDelivery(batch)) return ignored('another delivery by now');
    return enterCompleted(batch, context);
  },

  // A failure counts only if it is of the invocation that is waited for: the queue may bring an
  // old one again, or late.
  deliveryFailed(batch, event, context) {
    const { delivery } = batch;
    const expected =
      event.deliveryId === currentDelivery(batch) && event.deliveryAttempt === delivery.attempt;
    if (!expected || !delivery.pending) return ignored('not the invocation that is waited for');
    return deliverAgain(batch, context, event.reason);
  },

  cleanedUp: recordDeletedFiles,

  cancelRequested(batch) {
    return stay(batch, { cancelRequested: true });
  },
};

/** The id of a batch's last delivery, if there was one. */
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
