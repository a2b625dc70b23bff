import { MAX_REASONS, shortReason } from '../errors.ts';
import {
  CANCELLED_BATCH,
  claimRepeatable,
  holdsClaim,
  isClaimed,
  isPastDeadline,
  releaseClaim,
  resendWork,
  SUPERSEDED,
} from './claims.ts';
import { type DecisionContext, type Handlers, ignored, stay, withReason } from './decision.ts';
import {
  enterEnd,
  enterPendingCollecting,
  enterQueued,
  enterRetrying,
  enterSplit,
} from './enter.ts';

/** A worker snapshots the input and checks it. */
export const inspecting: Handlers = {
  due(batch, _event, context) {
    if (isClaimed(batch, context)) return ignored('a worker is at it');
    if (batch.cancelRequested) return enterEnd(batch, context, 'cancelled');
    if (isPastDeadline(batch, context)) {
      const reason = shortReason(
        'max_age',
        'the input could not be inspected within the maximum age',
      );
      return enterEnd(batch, context, 'failed', { reasons: withReason(batch, reason) });
    }
    return resendWork(batch, context, 'inspect');
  },

  claimed: claimRepeatable,
  workFailed: releaseClaim,

  inspected(batch, event, context) {
    if (!holdsClaim(batch, event)) return ignored(SUPERSEDED);
    const { input, endpoint, model } = event;
    const counts = { total: input.requests, succeeded: 0, failed: 0, unfinished: input.requests };
    const found = { input, endpoint, model, counts, failures: 0, reasons: [] };
    if (batch.cancelRequested) {
      return enterPendingCollecting(batch, context, CANCELLED_BATCH, found);
    }
    if (event.parts) return enterSplit(batch, context, { ...found, parts: [...event.parts] });
    return isParked(batch.notBefore, context)
      ? enterRetrying(batch, context, batch.notBefore, found)
      : enterQueued(batch, context, found);
  },

  inputRefused(batch, event, context) {
    if (!holdsClaim(batch, event)) return ignored(SUPERSEDED);
    return enterEnd(batch, context, 'failed', {
      reasons: event.reasons.slice(0, MAX_REASONS),
      inputErrorsKey: event.errorsKey,
    });
  },

  cancelRequested(batch, _event, context) {
    return isClaimed(batch, context)
      ? stay(batch, { cancelRequested: true })
      : enterEnd(batch, context, 'cancelled', { cancelRequested: true });
  },
};

function isParked(notBefore: number | undefined, { now }: DecisionContext): notBefore is number {
  return notBefore !== undefined && notBefore > now;
}
