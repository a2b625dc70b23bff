import type { JobState, Outcome } from '../../batch/job.ts';
import { type Reason, shortReason } from '../../batch/reason.ts';
import { isAboutAccess, isAboutInput, isAboutQuota } from './codes.ts';
import type { WireJob } from './wire.ts';

/** `ModelInvocationJobStatus` of the SDK. */
const RUNNING: ReadonlySet<string> = new Set([
  'Submitted',
  'Validating',
  'Scheduled',
  'InProgress',
  'Stopping',
]);
const ENDED: Readonly<Record<string, Outcome['kind']>> = {
  Completed: 'completed',
  // Out of time: what is finished is there.
  PartiallyCompleted: 'expired',
  // Out of time before it began.
  Expired: 'expired',
  Stopped: 'cancelled',
  Failed: 'failed',
};

/** What Bedrock's answer says of the job; of its files it says nothing. */
export function jobStateOf(job: WireJob): JobState {
  const { status, jobArn, message, processedRecordCount: progress } = job;
  // Padding is counted too: only that it grows is looked at.
  if (RUNNING.has(status)) return { state: 'running', ...(progress == null ? {} : { progress }) };
  const kind = Object.hasOwn(ENDED, status) ? ENDED[status] : undefined;
  if (kind === undefined) return { state: 'unknown', status: status.slice(0, 100) };
  const reason = kind === 'completed' ? undefined : reasonOf(status, message);
  const refusal = kind === 'failed' ? refusalOf(message ?? '') : undefined;
  return {
    state: 'ended',
    outcome: {
      kind,
      jobId: jobArn,
      files: [],
      ...(reason === undefined ? {} : { reason }),
      ...(refusal === undefined ? {} : { refusal }),
    },
  };
}

function reasonOf(status: string, message: string | null | undefined): Reason | undefined {
  if (message) return shortReason(`job_${status.toLowerCase()}`, message);
  return status === 'Failed' ? shortReason('job_failed', 'Bedrock gave no message') : undefined;
}

/** A message that speaks of none of these is the server's own trouble, and may pass. */
function refusalOf(message: string): Outcome['refusal'] {
  if (isAboutAccess(message)) return 'account';
  if (isAboutInput(message)) return 'permanent';
  return isAboutQuota(message) ? 'quota' : undefined;
}
