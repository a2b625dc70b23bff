import { type Reason, shortReason } from '../../batch/errors.ts';
import { answeredOf, type JobState, type Outcome } from '../../batch/job.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import type { BatchError, WireBatch } from './api.ts';
import {
  fullQuotaOf,
  isAboutAccount,
  isAboutQuota,
  isNoDeployment,
  isStoreFull,
  OPENAI_WORDS,
  PERMANENT_CODES,
} from './errors.ts';

/** What a service's words for the state of a job mean. */
export type StateWords = ReadonlyMap<string, 'pending' | 'running' | Outcome['kind']>;

/** Whether a word says that a job has ended. One that is not known does not say so. */
export function isEndIn(words: StateWords, status: string | null | undefined): boolean {
  const meaning = words.get(status ?? '');
  return meaning !== undefined && meaning !== 'pending' && meaning !== 'running';
}

/**
 * Azure writes some of these with capitals, and `canceled` in its examples; Novita all, and `PROGRESS`:
 * https://novita.ai/docs/api-reference/model-apis-llm-list-batches
 */
const JOB_STATES: StateWords = new Map([
  ['validating', 'pending'],
  ['inprogress', 'running'],
  ['progress', 'running'],
  ['finalizing', 'running'],
  ['cancelling', 'running'],
  ['canceling', 'running'],
  ['completed', 'completed'],
  ['expired', 'expired'],
  ['cancelled', 'cancelled'],
  ['canceled', 'cancelled'],
  ['failed', 'failed'],
]);

function wordOf(status: string): string {
  return status.toLowerCase().replaceAll('_', '');
}

/** Whether the status of a batch, which may be anything, says that it has ended. */
export function hasEnded(status: string | null | undefined): boolean {
  return isEndIn(JOB_STATES, status && wordOf(status));
}

/** What a job shows besides its status. */
interface ShownJob {
  /** As the service has it. */
  readonly status: string;
  /** Requests that have an answer, and those that failed. Absent: the service does not say. */
  readonly completed?: number | null | undefined;
  readonly failed?: number | null | undefined;
  outcome(kind: Outcome['kind']): Outcome;
}

/** The state of a job, by what its status means. */
export function stateBy(meaning: ReturnType<StateWords['get']>, job: ShownJob): JobState {
  switch (meaning) {
    case undefined:
      return { state: 'unknown', status: job.status.slice(0, 100) };
    case 'pending':
      return { state: 'running', isPending: true };
    case 'running':
      return { state: 'running', ...progressOf(job) };
    default:
      return { state: 'ended', outcome: job.outcome(meaning) };
  }
}

function progressOf({ completed, failed }: ShownJob): { progress?: number } {
  return completed == null && failed == null ? {} : { progress: (completed ?? 0) + (failed ?? 0) };
}

/** The state of a job, by OpenAI's answer for its batch. */
export function jobStateOf(batch: WireBatch): JobState {
  const { status, request_counts: counts } = batch;
  return stateBy(JOB_STATES.get(wordOf(status)), {
    status,
    completed: counts?.completed,
    failed: counts?.failed,
    outcome: (kind) => outcomeOf(batch, kind),
  });
}

function outcomeOf(batch: WireBatch, kind: Outcome['kind']): Outcome {
  const error = batch.errors ?? (kind === 'failed' ? {} : undefined);
  return omitUndefined({
    kind,
    jobId: batch.id,
    files: existing([batch.output_file_id, batch.error_file_id]),
    answered: answeredOf(batch.request_counts?.completed),
    reason: error && reasonOf(error),
    refusal: kind === 'failed' && error ? refusalOf(error) : undefined,
  });
}

/** Azure gives an empty string where OpenAI gives null. A file that is named twice is read once. */
export function existing(fileIds: readonly (string | null | undefined)[]): string[] {
  const ids = fileIds.filter((id) => id != null && id !== '') as string[];
  return [...new Set(ids)];
}

export function reasonOf({ code, message, line }: BatchError, words = OPENAI_WORDS): Reason {
  const reason = shortReason(
    code ?? 'job_failed',
    message ?? `${words.name} gave no message`,
    line == null ? undefined : Math.trunc(line),
  );
  return { ...reason, ...omitUndefined({ quota: fullQuotaOf(code ?? '', message ?? '') }) };
}

/** An error about neither the input nor the account is the server's own and may pass. */
export function refusalOf(error: BatchError, words = OPENAI_WORDS): Outcome['refusal'] {
  const { line } = error;
  const code = error.code ?? '';
  const message = error.message ?? '';
  if (isAboutAccount([code], message, words) || isStoreFull(code, message)) return 'account';
  if (isNoDeployment(code)) return 'account';
  if (isAboutQuota(code, message, words)) return 'quota';
  const isCoded = PERMANENT_CODES.has(code) || code.startsWith('invalid_') || line != null;
  const isAboutInput = isCoded || (words.input?.test(message) ?? false);
  return isAboutInput ? 'permanent' : undefined;
}
