import { type Reason, shortReason } from '../errors.ts';
import { deliveryId } from '../ids.ts';
import { fullJitterMs } from '../policy.ts';
import type { Batch } from '../record.ts';
import {
  type Decision,
  type Handlers,
  ignored,
  type Moment,
  stay,
  withReason,
} from './decision.ts';
import { enterEnd, invocation } from './enter.ts';
import { cleanedUp } from './providerFiles.ts';

/** The processor has been invoked, or waits to be invoked again. */
export const delivering: Handlers = {
  due(batch, _event, moment) {
    if (batch.delivery?.pending !== true) {
      return stay(batch, invocation(batch, moment), { type: 'invokeProcessor' });
    }
    const reason = shortReason('delivery_lost', 'the processor gave no outcome in time');
    return deliverAgain(batch, moment, reason);
  },

  // A success counts whichever invocation it is of.
  delivered(batch, event, moment) {
    if (event.deliveryId !== currentDelivery(batch)) return ignored('another delivery by now');
    return enterEnd(batch, moment, 'completed');
  },

  // A failure counts only if it is of the invocation that is waited for: the queue may bring an
  // old one again, or late.
  deliveryFailed(batch, event, moment) {
    const { delivery } = batch;
    const expected =
      event.deliveryId === currentDelivery(batch) && event.deliveryAttempt === delivery?.attempt;
    if (!expected || !delivery?.pending) return ignored('not the invocation that is waited for');
    return deliverAgain(batch, moment, event.reason);
  },

  cleanedUp,

  cancelRequested(batch) {
    return stay(batch, { cancelRequested: true });
  },
};

export function currentDelivery({ keyPrefix, delivery }: Batch): string | undefined {
  return delivery && deliveryId(keyPrefix, delivery.number);
}

function deliverAgain(batch: Batch, moment: Moment, reason: Reason): Decision {
  const { policy, now, random } = moment;
  const { delivery } = batch;
  const reasons = withReason(batch, reason);
  if (batch.cancelRequested) return enterEnd(batch, moment, 'cancelled', { reasons });
  if (!delivery || delivery.attempt >= policy.maxDeliveries) {
    return enterEnd(batch, moment, 'failed', { reasons });
  }
  const wait = fullJitterMs(policy.retryBackoff, delivery.attempt - 1, random);
  return stay(batch, { reasons, delivery: { ...delivery, pending: false }, dueAt: now + wait });
}
