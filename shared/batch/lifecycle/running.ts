import type { Batch } from '../batch.ts';
import type { Outcome } from '../job.ts';
import { shortReason } from '../reason.ts';
import { type Decision, ignored, type Moment, stay } from './decision.ts';
import { enterCollecting, enterQueued, withReason } from './enter.ts';
import type { Handlers } from './handlers.ts';
import { earlyEnd } from './work.ts';

/** The provider has the job. It is left only when the provider says that the job has ended. */
export const running: Handlers = {
  jobChecked(batch, { jobId, job }, moment) {
    if (jobId !== batch.job?.id) return ignored('the record names another job');
    switch (job.state) {
      case 'ended':
        return ended(batch, job.outcome, moment);
      case 'missing': {
        // No proof that it is dead: only a batch that is to end anyway lets go of it.
        const end = earlyEnd(batch, moment);
        return end ? enterCollecting(batch, moment, end) : ignored('the provider does not know it');
      }
      case 'unknown':
      case 'running':
        return earlyEnd(batch, moment)
          ? { type: 'unchanged', effects: [{ type: 'cancelJob', jobId }] }
          : ignored('it is not over');
    }
  },

  // The next sweep cancels the job: the intake holds no credentials of providers.
  cancelRequested(batch, _event, moment) {
    return stay(batch, { cancelRequested: true, dueAt: moment.now });
  },
};

function ended(batch: Batch, outcome: Outcome, moment: Moment): Decision {
  const { refusal } = outcome;
  const nothingTaken = (refusal === 'quota' || refusal === 'account') && outcome.files.length === 0;
  if (!nothingTaken || earlyEnd(batch, moment)) return enterCollecting(batch, moment, outcome);
  const reason = outcome.reason ?? shortReason(refusal, 'the provider gave no reason');
  return enterQueued(
    batch,
    moment,
    {
      // The job is known dead and did no work: a new key, and the attempt is given back.
      submission: batch.submission + 1,
      attempt: batch.attempt - 1,
      job: undefined,
      reasons: withReason(batch, reason),
    },
    { type: 'holdProvider', kind: refusal, reason },
  );
}
