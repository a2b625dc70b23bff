import { requeue } from './again.ts';
import { ignored, revise } from './decision.ts';
import { enterCollecting, enterQueued } from './enter.ts';
import type { Handlers } from './handlers.ts';
import { AGED, CANCELLED, earlyEnd, isAged } from './work.ts';

/**
 * Waits out its backoff in SQS, or is parked until its time. That files are gone is not noted
 * here: a new version of the record would void the message that ends the wait.
 */
export const retrying: Handlers = {
  due(batch, _event, moment) {
    if (isAged(batch, moment)) return enterCollecting(batch, moment, AGED);
    const next = revise(batch, { sends: batch.sends + 1 });
    const { dueAt, effects } = requeue(next, moment);
    return { type: 'changed', batch: { ...next, dueAt }, effects };
  },

  requeued(batch, event, moment) {
    if (event.version !== batch.version) return ignored('the message is of another wait');
    const end = earlyEnd(batch, moment);
    return end ? enterCollecting(batch, moment, end) : enterQueued(batch, moment, {});
  },

  cancelRequested(batch, _event, moment) {
    return enterCollecting(batch, moment, CANCELLED, { cancelRequested: true });
  },
};
