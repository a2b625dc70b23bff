import type { JobState, Outcome } from '../../batch/job.ts';
import { type Reason, shortReason } from '../../batch/reason.ts';
import { ACCOUNT_CODES, isQuota, PERMANENT_CODES } from './codes.ts';
import type { BatchError, WireBatch } from './wire.ts';

const RUNNING: ReadonlySet<string> = new Set([
  'validating',
  'in_progress',
  'finalizing',
  'cancelling',
]);
const ENDED = ['completed', 'expired', 'cancelled', 'failed'] as const;

/** What OpenAI's answer for a batch says of the job. */
export function jobStateOf(batch: WireBatch): JobState {
  // Azure writes the same statuses with capitals.
  const status = batch.status.toLowerCase();
  if (RUNNING.has(status)) return { state: 'running', ...progressOf(batch) };
  const kind = ENDED.find((ended) => ended === status);
  if (kind === undefined) return { state: 'unknown', status: batch.status.slice(0, 100) };
  return { state: 'ended', outcome: outcomeOf(batch, kind) };
}

function progressOf({ request_counts: counts }: WireBatch): { progress?: number } {
  return counts ? { progress: counts.completed + counts.failed } : {};
}

function outcomeOf(batch: WireBatch, kind: (typeof ENDED)[number]): Outcome {
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
  if (ACCOUNT_CODES.has(word)) return 'account';
  if (isQuota(word, message ?? '')) return 'quota';
  const isOfInput = PERMANENT_CODES.has(word) || word.startsWith('invalid_') || line != null;
  return isOfInput ? 'permanent' : undefined;
}
