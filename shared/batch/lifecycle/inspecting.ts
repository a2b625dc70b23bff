import { MAX_REASONS, shortReason } from '../errors.ts';
import { countsOfNew } from '../ledger.ts';
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
import { type Handlers, ignored, stay, withReason } from './decision.ts';
import {
  enterEnd,
  enterPendingCollecting,
  enterQueued,
  enterRefused,
  enterRetrying,
  enterSplit,
} from './enter.ts';

/** A worker takes a snapshot of the input and inspects it. */
export const inspecting: Handlers<'inspecting'> = {
  due(batch, _event, context) {
    if (isClaimed(batch, context)) return ignored('a worker has claimed it');
    if (batch.cancelRequested) return enterEnd(batch, context, 'cancelled');
    const { inspections = 0 } = batch;
    // It fails, or its workers are killed, whenever it is tried: at this input.
    if (inspections >= context.policy.maxInspections) {
      const reason = shortReason(
        'inspection_failed',
        `${inspections} inspections of the input were begun, and none has come to its end: send it in other files`,
      );
      return enterEnd(batch, context, 'failed', { reasons: withReason(batch, reason) });
    }
    if (isPastDeadline(batch, context)) {
      const reason = shortReason(
        'max_age',
        'the input could not be inspected within the maximum age',
      );
      return enterEnd(batch, context, 'failed', { reasons: withReason(batch, reason) });
    }
    return resendWork(batch, context, 'inspect');
  },

  claimed(batch, event, context) {
    const inspections = (batch.inspections ?? 0) + 1;
    return claimRepeatable({ ...batch, inspections }, event, context);
  },
  workFailed: releaseClaim,

  inspected(batch, event, context) {
    if (!holdsClaim(batch, event)) return ignored(SUPERSEDED);
    const input = { ...event.input, inspectedAt: context.now };
    const inspected = { ...batch, input };
    const found = { counts: countsOfNew(input.requests), failures: 0, reasons: [] };
    if (batch.cancelRequested) {
      return enterPendingCollecting(inspected, context, CANCELLED_BATCH, found);
    }
    const { parts } = input;
    if (parts) return enterSplit({ ...batch, input: { ...input, parts } }, context, found);
    const { notBefore = 0 } = batch.spec;
    return notBefore > context.now
      ? enterRetrying(inspected, context, notBefore, found)
      : enterQueued(inspected, context, found);
  },

  inputRefused(batch, event, context) {
    if (!holdsClaim(batch, event)) return ignored(SUPERSEDED);
    // The reasons of the first bad lines: the error file has all of them.
    const reasons = event.reasons.slice(0, MAX_REASONS);
    const { errorsKey: inputErrorsKey, problems: inputProblems } = event;
    return enterRefused(batch, context, { inputErrorsKey, inputProblems }, { reasons });
  },

  cancelRequested(batch, _event, context) {
    return isClaimed(batch, context)
      ? stay(batch, { cancelRequested: true })
      : enterEnd(batch, context, 'cancelled', { cancelRequested: true });
  },
};
