import { cleanedUp, owesCleanUp } from './cleanUp.ts';
import { ignored } from './decision.ts';
import { enterCollecting, enterSubmitting } from './enter.ts';
import type { Handlers } from './handlers.ts';
import { AGED, CANCELLED, isAged } from './work.ts';

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
