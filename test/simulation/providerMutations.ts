import { edit, type Mutation } from './mutation.ts';
import { ALL_GUARDS } from './schedule.ts';

const LIFECYCLE = 'shared/batch/lifecycle';

/** Guards against what a provider may be like. */
export const PROVIDER_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a model cools down after its refusals',
    guards: { ...ALL_GUARDS, limiting: true },
    edits: [
      edit(
        'shared/quota/learnedLimit.ts',
        'const until = now + maxBackoffMs(backoff, refusals - 1);',
        'const until = now;',
      ),
    ],
  },
  {
    name: 'a batch over the learned limit is split',
    guards: { ...ALL_GUARDS, limiting: true },
    edits: [
      edit(
        'shared/quota/admission.ts',
        'isBlocked(state, now) ? undefined : splitSize(batch, bounds)',
        'undefined',
      ),
    ],
  },
  {
    name: 'a provider that refuses the account is blocked',
    guards: { ...ALL_GUARDS, blocking: true },
    edits: [
      edit(
        'shared/quota/hold.ts',
        'const until = now + maxBackoffMs(backoff, refusals - 1);\n  return { ...state, hold:',
        'const until = now;\n  return { ...state, hold:',
      ),
    ],
  },
  {
    name: 'the first job waits for a list that can be read',
    guards: { ...ALL_GUARDS, unlisted: true },
    edits: [
      edit(
        'shared/usecases/work/submit.ts',
        'await confirmList(ports, batch.provider, provider);',
        '',
      ),
    ],
  },
  {
    name: 'a job that only waits has not stalled',
    guards: { ...ALL_GUARDS, pending: true },
    edits: [
      edit(
        `${LIFECYCLE}/jobProgress.ts`,
        '{ completionHours }: Timing,',
        '{ completionHours = 24 }: Timing,',
      ),
    ],
  },
  {
    name: 'a list of jobs that breaks off shows the end of none',
    edits: [
      edit(
        'shared/usecases/sweep/jobStates.ts',
        'warn(error, after);',
        "for (const jobId of this.#wanted) this.#states.set(jobId, { state: 'ended', outcome: { kind: 'expired', files: [] } });",
      ),
    ],
  },
  {
    name: 'a deadline holds although the index and the provider show that its job runs',
    guards: { ...ALL_GUARDS, pending: true },
    edits: [edit(`${LIFECYCLE}/jobProgress.ts`, '|| context.now >= deadlineAt', '')],
  },
  {
    name: 'a cancel holds although the provider shows that its job runs',
    guards: { ...ALL_GUARDS, pending: true, commanding: true },
    edits: [edit(`${LIFECYCLE}/jobProgress.ts`, '|| cancelRequested', '')],
  },
  {
    name: 'a job is cancelled whose status cannot be read',
    guards: { ...ALL_GUARDS, oddJobs: true, commanding: true },
    edits: [
      edit(
        `${LIFECYCLE}/running.ts`,
        'if (job.stalledAt !== undefined || earlyEndOutcome(batch, context)) {',
        "if (seen.state !== 'unknown' && (job.stalledAt !== undefined || earlyEndOutcome(batch, context))) {",
      ),
    ],
  },
];
