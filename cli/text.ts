import { failuresText, problemsText } from '../shared/batch/failuresText.ts';
import type { BatchInfo } from '../shared/client/index.ts';
import { notableText } from '../shared/quota/waitingText.ts';
import { durationText } from '../shared/terminal.ts';
import { oneLine, type Style } from './terminal/output.ts';

/** An ISO time to the second, without the T. */
export function instantText(time: string): string {
  return time.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
}

/** A time, and how long ago it is or when it will be. */
export function timeText(time: string, now: number): string {
  return `${instantText(time)} (${ago(time, now)})`;
}

export function ago(time: string, now: number): string {
  const milliseconds = now - Date.parse(time);
  return milliseconds < 0
    ? `in ${durationText(-milliseconds)}`
    : `${durationText(milliseconds)} ago`;
}

export function durationBetween(from: string, to: string): string {
  return durationText(Date.parse(to) - Date.parse(from));
}

export function countText(count: number): string {
  return count.toLocaleString('en-US');
}

/** US dollars with cents, and small amounts with two significant digits. */
export function costText(cost: number | null): string {
  if (cost === null) return '?';
  if (cost === 0 || cost >= 0.1) return `$${cost.toFixed(2)}`;
  return `$${cost.toPrecision(2)}`;
}

/** Finished requests: those of earlier jobs, and those that the provider reports of the present one. */
export function finishedRequests({
  counts,
  job,
  finishedInParts = 0,
}: Pick<BatchInfo, 'counts' | 'job' | 'finishedInParts'>): number {
  const { total, unfinished } = counts;
  return Math.min(total, total - unfinished + (job?.finished ?? finishedInParts));
}

/** The code of the reason of a batch that failed for the errors of its requests. */
const NO_SUCCESS = 'no_success';

type Explained = Pick<
  BatchInfo,
  | 'status'
  | 'statusAt'
  | 'attempts'
  | 'reasons'
  | 'waitingFor'
  | 'endedAt'
  | 'failures'
  | 'problems'
>;

/**
 * Why the batch waits, or what has failed in it: one line, empty if there is nothing to say. The last
 * reason of a batch that has ended is not its cause if an earlier attempt had it.
 */
export function whyText(batch: Explained): string {
  const { status, statusAt, attempts, reasons, waitingFor, endedAt, problems } = batch;
  if (waitingFor) return oneLine(notableText(waitingFor));
  const last = reasons.at(-1);
  const isToldByReason = status === 'failed' && last?.code !== NO_SUCCESS;
  const failed = failureText(batch);
  if (failed !== '' && (problems || (endedAt !== undefined && !isToldByReason))) return failed;
  if (last === undefined || (status !== 'failed' && status !== 'cancelled')) return '';
  const { at = statusAt, attempt = attempts } = last;
  return attempt < attempts && at < statusAt ? '' : oneLine(last.message);
}

const STYLES: Partial<Record<BatchInfo['status'], Style>> = {
  completed: 'green',
  failed: 'red',
  cancelled: 'yellow',
  retrying: 'yellow',
};

export function statusStyle({ status }: Pick<BatchInfo, 'status'>): Style {
  return STYLES[status] ?? 'cyan';
}

type Failed = Pick<BatchInfo, 'batchId' | 'failures' | 'problems' | 'errors' | 'inputErrors'>;

/** What failed in a batch, or what is wrong with its input, in one line; empty if nothing is. */
export function failureText({ failures, problems }: Pick<Failed, 'failures' | 'problems'>): string {
  if (problems) return oneLine(problemsText(problems));
  return failures ? oneLine(failuresText(failures)) : '';
}

/** Names the command that prints all that {@link failureText} sums up; undefined if there is none. */
export function allFailuresHint(batch: Failed): string | undefined {
  const { batchId, failures, problems, errors, inputErrors } = batch;
  const hasFile = problems ? inputErrors !== undefined : failures && errors !== undefined;
  return hasFile ? `all: batch-handler results ${batchId} --errors` : undefined;
}
