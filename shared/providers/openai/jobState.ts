import type { JobState, Outcome } from '../../batch/job.ts';
import { type Reason, shortReason } from '../../batch/reason.ts';
import { ACCOUNT_CODES, isQuota, isStoreFull, PERMANENT_CODES } from './codes.ts';
import type { BatchError, WireBatch } from './wire.ts';

/** Azure writes some with capitals, and its examples `canceled`. */
const STATUSES: ReadonlyMap<string, 'pending' | 'running' | Outcome['kind']> = new Map([
  ['validating', 'pending'],
  ['inprogress', 'running'],
  ['finalizing', 'running'],
  ['cancelling', 'running'],
  ['canceling', 'running'],
  ['completed', 'completed'],
  ['expired', 'expired'],
  ['cancelled', 'cancelled'],
  ['canceled', 'cancelled'],
  ['failed', 'failed'],
]);

/** What OpenAI's answer for a batch says of the job. */
export function jobStateOf(batch: WireBatch): JobState {
  const kind = STATUSES.get(batch.status.toLowerCase().replaceAll('_', ''));
  switch (kind) {
    case undefined:
      return { state: 'unknown', status: batch.status.slice(0, 100) };
    case 'pending':
      return { state: 'running', isPending: true };
    case 'running':
      return { state: 'running', ...progressOf(batch) };
    default:
      return { state: 'ended', outcome: outcomeOf(batch, kind) };
  }
}

function progressOf({ request_counts: counts }: WireBatch): { progress?: number } {
  if (counts?.completed == null && counts?.failed == null) return {};
  return { progress: (counts.completed ?? 0) + (counts.failed ?? 0) };
}

function outcomeOf(batch: WireBatch, kind: Outcome['kind']): Outcome {
  const error = batch.errors?.data?.[0] ?? (kind === 'failed' ? {} : undefined);
  const refusal = kind === 'failed' && error !== undefined ? refusalOf(error) : undefined;
  return {
    kind,
    jobId: batch.id,
    // Azure gives an empty string where OpenAI gives null.
    files: [batch.output_file_id, batch.error_file_id].filter(
      (id) => id != null && id !== '',
    ) as string[],
    ...(error === undefined ? {} : { reason: reasonOf(error) }),
    ...(refusal === undefined ? {} : { refusal }),
  };
}

function reasonOf({ code, message, line }: BatchError): Reason {
  return shortReason(
    code ?? 'job_failed',
    message ?? 'OpenAI gave no message',
    line != null && line >= 1 ? Math.trunc(line) : undefined,
  );
}

/** An error that names neither the input nor the account is the server's own, and may pass. */
function refusalOf({ code, message, line }: BatchError): Outcome['refusal'] {
  const word = code ?? '';
  if (ACCOUNT_CODES.has(word) || isStoreFull(word, message ?? '')) return 'account';
  if (isQuota(word, message ?? '')) return 'quota';
  const isOfInput = PERMANENT_CODES.has(word) || word.startsWith('invalid_') || line != null;
  return isOfInput ? 'permanent' : undefined;
}
