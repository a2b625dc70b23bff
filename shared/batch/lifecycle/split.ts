import type { Batch } from '../batch.ts';
import type { EventOf } from '../events.ts';
import { shortReason } from '../reason.ts';
import { type Decision, ignored, type Moment, stay, withReason } from './decision.ts';
import { enterEnd, oweCollecting } from './enter.ts';
import type { Handlers } from './handlers.ts';
import { GRACE_MS } from './work.ts';

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
