import type { JobState, Outcome } from '../../batch/job.ts';
import type { Reason } from '../../batch/reason.ts';
import { jobRefusalOf, reasonOf } from '../google/status.ts';
import type { WireBatch } from './wire.ts';

/** The API says BATCH_STATE_…, its SDKs and their users JOB_STATE_…. */
const PREFIX = /^(BATCH|JOB)_STATE_/;

/** https://ai.google.dev/gemini-api/docs/batch-api#monitor-batch-job */
const RUNNING: ReadonlySet<string> = new Set(['RUNNING', 'CANCELLING', 'PAUSED', 'UPDATING']);
const PENDING: ReadonlySet<string> = new Set(['PENDING', 'QUEUED']);
const ENDED: Readonly<Record<string, Outcome['kind']>> = {
  SUCCEEDED: 'completed',
  // Some rows have failed: they say so themselves.
  PARTIALLY_SUCCEEDED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  // After 48 hours, and without results.
  EXPIRED: 'expired',
};

/** What the API's answer for a batch says of the job. */
export function jobStateOf(batch: WireBatch): JobState {
  const { state } = batch.metadata;
  const word = state.replace(PREFIX, '');
  if (PENDING.has(word)) return { state: 'running', isPending: true };
  if (RUNNING.has(word)) return { state: 'running', ...progressOf(batch) };
  const kind = Object.hasOwn(ENDED, word) ? ENDED[word] : undefined;
  if (kind === undefined) return { state: 'unknown', status: state.slice(0, 100) };
  return { state: 'ended', outcome: outcomeOf(batch, kind) };
}

function progressOf({ metadata: { batchStats: stats } }: WireBatch): { progress?: number } {
  const counts = [stats?.successfulRequestCount, stats?.failedRequestCount];
  if (counts.every((count) => count == null)) return {};
  return { progress: counts.reduce<number>((sum, count) => sum + (count ?? 0), 0) };
}

function outcomeOf(batch: WireBatch, kind: Outcome['kind']): Outcome {
  const refusal = kind === 'failed' ? jobRefusalOf(batch.error ?? {}) : undefined;
  const reason = whyOf(batch, kind);
  return {
    kind,
    jobId: batch.name,
    files: filesOf(batch),
    ...(reason === undefined ? {} : { reason }),
    ...(refusal === undefined ? {} : { refusal }),
  };
}

const EXPIRED: Reason = {
  code: 'batch_expired',
  message: 'Gemini ended the job, which was not done within 48 hours and has no results',
};

/** The error of a job that was cancelled says just that. */
function whyOf({ error }: WireBatch, kind: Outcome['kind']): Reason | undefined {
  if (kind === 'failed') return reasonOf(error ?? {}, 'Gemini');
  return kind === 'expired' ? EXPIRED : undefined;
}

/** The file of the results, or the job itself where they stand in it. */
function filesOf({ name, metadata, response }: WireBatch): string[] {
  const output = response ?? metadata.output;
  if (output?.responsesFile) return [output.responsesFile];
  return output?.inlinedResponses || output?.inlinedEmbedContentResponses ? [name] : [];
}
