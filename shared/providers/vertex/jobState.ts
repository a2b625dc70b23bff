import type { JobState, Outcome } from '../../batch/job.ts';
import { type Reason, shortReason } from '../../batch/reason.ts';
import { rpcNameOf } from '../google/rpcCodes.ts';
import { jobRefusalOf } from '../google/status.ts';
import type { WireJob } from './wire.ts';

/** https://docs.cloud.google.com/vertex-ai/docs/reference/rest/v1/JobState */
const PENDING: ReadonlySet<string> = new Set(['JOB_STATE_QUEUED', 'JOB_STATE_PENDING']);
const RUNNING: ReadonlySet<string> = new Set([
  'JOB_STATE_RUNNING',
  'JOB_STATE_CANCELLING',
  'JOB_STATE_PAUSED',
  'JOB_STATE_UPDATING',
]);
const ENDED: Readonly<Record<string, Outcome['kind']>> = {
  JOB_STATE_SUCCEEDED: 'completed',
  // Some rows have failed: they say so themselves.
  JOB_STATE_PARTIALLY_SUCCEEDED: 'completed',
  JOB_STATE_FAILED: 'failed',
  JOB_STATE_CANCELLED: 'cancelled',
  JOB_STATE_EXPIRED: 'expired',
};

/** What Google's answer says of the job; what it wrote is not looked at. */
export function jobStateOf(job: WireJob): JobState {
  const { state } = job;
  const progress = progressOf(job);
  if (PENDING.has(state)) return { state: 'running', isPending: true, ...progress };
  if (RUNNING.has(state)) return { state: 'running', ...progress };
  const kind = Object.hasOwn(ENDED, state) ? ENDED[state] : undefined;
  if (kind === undefined) return { state: 'unknown', status: state.slice(0, 100) };
  const reason = kind === 'completed' ? undefined : reasonOf(job);
  const refusal = kind === 'failed' ? refusalOf(job) : undefined;
  return {
    state: 'ended',
    outcome: {
      kind,
      jobId: job.name,
      files: [],
      ...(reason === undefined ? {} : { reason }),
      ...(refusal === undefined ? {} : { refusal }),
    },
  };
}

function progressOf({ completionStats: stats }: WireJob): { progress?: number } {
  const counts = [stats?.successfulCount, stats?.failedCount];
  if (counts.every((count) => count === undefined)) return {};
  return { progress: counts.reduce<number>((sum, count = 0) => sum + Math.max(0, count), 0) };
}

function reasonOf({ state, error }: WireJob): Reason | undefined {
  if (!error && state !== 'JOB_STATE_FAILED') return undefined;
  const code = error?.code === undefined ? undefined : rpcNameOf(error.code);
  return shortReason(code ?? state.toLowerCase(), error?.message || 'Vertex AI gave no message');
}

function refusalOf({ error }: WireJob): Outcome['refusal'] {
  const isFull = /RESOURCE_EXHAUSTED|quota exceeded/i.test(error?.message ?? '');
  // Some jobs tell their quota in the text alone, under INTERNAL or no code at all.
  return jobRefusalOf(error ?? {}) ?? (isFull ? 'quota' : undefined);
}
