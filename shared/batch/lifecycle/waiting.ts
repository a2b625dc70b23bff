import { shortReason } from '../errors.ts';
import type { Batch } from '../record.ts';
import { AGED, CANCELLED, earlyEnd, GRACE_MS, isAged } from './claims.ts';
import {
  type Decision,
  type Handlers,
  ignored,
  type Moment,
  revise,
  stay,
  withReason,
} from './decision.ts';
import {
  enterCollecting,
  enterEnd,
  enterQueued,
  enterSubmitting,
  oweCollecting,
  requeue,
} from './enter.ts';
import type { EventOf } from './events.ts';
import { cleanedUp, owesCleanUp } from './providerFiles.ts';

/** Waits for capacity at its provider. */
export const queued: Handlers = {
  due(batch, _event, moment) {
    return isAged(batch, moment)
      ? enterCollecting(batch, moment, AGED)
      : ignored('it waits for capacity');
  },

  admitted(batch, { provider = batch.provider }, moment) {
    if (provider !== batch.provider && owesCleanUp(batch))
      return ignored('it has left files at its provider, which are deleted first');
    return enterSubmitting(batch, moment, { provider });
  },

  cleanedUp,

  cancelRequested(batch, _event, moment) {
    return enterCollecting(batch, moment, CANCELLED, { cancelRequested: true });
  },
};

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

/** Too large for one job: its parts run, each with a life of its own, and it waits for them. */
export const split: Handlers = {
  // The parts end by themselves at the same age, and the grace of the last of them has passed.
  due(batch, _event, moment) {
    if (moment.now < batch.deadlineAt + 2 * GRACE_MS) return ignored('its parts are looked at');
    const reason = shortReason('parts_lost', 'its parts did not end in time');
    return enterEnd(batch, moment, 'failed', { reasons: withReason(batch, reason) });
  },

  partsEnded,

  // The next sweep tells the parts.
  cancelRequested(batch, _event, moment) {
    return stay(batch, { cancelRequested: true, dueAt: moment.now });
  },
};

/** What the parts came to is one file again; how each ended is in its rows. */
function partsEnded(batch: Batch, _event: EventOf<'partsEnded'>, moment: Moment): Decision {
  return oweCollecting(batch, moment, { kind: 'completed', files: [] });
}
