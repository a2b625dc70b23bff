import { MAX_REASONS, shortReason } from '../errors.ts';
import {
  backOff,
  CANCELLED,
  claimRepeatable,
  holds,
  isAged,
  isClaimed,
  SUPERSEDED,
  sendAgain,
} from './claims.ts';
import { type Handlers, ignored, type Moment, stay, withReason } from './decision.ts';
import { enterEnd, enterQueued, enterRetrying, enterSplit, oweCollecting } from './enter.ts';

/** A worker snapshots the input and checks it. */
export const inspecting: Handlers = {
  due(batch, _event, moment) {
    if (isClaimed(batch, moment)) return ignored('a worker is at it');
    if (batch.cancelRequested) return enterEnd(batch, moment, 'cancelled');
    if (isAged(batch, moment)) {
      const reason = shortReason(
        'max_age',
        'the input could not be inspected within the maximum age',
      );
      return enterEnd(batch, moment, 'failed', { reasons: withReason(batch, reason) });
    }
    return sendAgain(batch, moment, 'inspect');
  },

  claimed: claimRepeatable,
  workFailed: backOff,

  inspected(batch, event, moment) {
    if (!holds(batch, event)) return ignored(SUPERSEDED);
    const { input, endpoint, model } = event;
    const counts = { total: input.requests, succeeded: 0, failed: 0, unfinished: input.requests };
    const found = { input, endpoint, model, counts, failures: 0, reasons: [] };
    if (batch.cancelRequested) {
      return oweCollecting(batch, moment, CANCELLED, found);
    }
    if (event.parts) return enterSplit(batch, moment, { ...found, parts: [...event.parts] });
    return isParked(batch.notBefore, moment)
      ? enterRetrying(batch, moment, batch.notBefore, found)
      : enterQueued(batch, moment, found);
  },

  inputRefused(batch, event, moment) {
    if (!holds(batch, event)) return ignored(SUPERSEDED);
    return enterEnd(batch, moment, 'failed', {
      reasons: event.reasons.slice(0, MAX_REASONS),
      inputErrorsKey: event.errorsKey,
    });
  },

  cancelRequested(batch, _event, moment) {
    return isClaimed(batch, moment)
      ? stay(batch, { cancelRequested: true })
      : enterEnd(batch, moment, 'cancelled', { cancelRequested: true });
  },
};

function isParked(notBefore: number | undefined, { now }: Moment): notBefore is number {
  return notBefore !== undefined && notBefore > now;
}
