import { failuresText, problemsText } from '../batch/failuresText.ts';
import { notableText } from '../quota/waitingText.ts';
import type { BatchInfo } from './batchInfo.ts';

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
 * Why the batch waits, or what has failed in it; empty if there is nothing to say. It may contain a
 * provider's text. The last reason of a batch that has ended is not its cause if an earlier attempt had it.
 */
export function whyText(batch: Explained): string {
  const { status, statusAt, attempts, reasons, waitingFor, endedAt, problems } = batch;
  if (waitingFor) return notableText(waitingFor);
  const last = reasons.at(-1);
  const isToldByReason = status === 'failed' && last?.code !== NO_SUCCESS;
  const failed = failureText(batch);
  if (failed !== '' && (problems || (endedAt !== undefined && !isToldByReason))) return failed;
  if (last === undefined || (status !== 'failed' && status !== 'cancelled')) return '';
  const { at = statusAt, attempt = attempts } = last;
  return attempt < attempts && at < statusAt ? '' : last.message;
}

/** What failed in a batch, or what is wrong with its input; empty if nothing is. */
export function failureText({
  failures,
  problems,
}: Pick<BatchInfo, 'failures' | 'problems'>): string {
  if (problems) return problemsText(problems);
  return failures ? failuresText(failures) : '';
}

const COUNT = new Intl.NumberFormat('en-US');

/** A number with its thousands apart, such as `50,000`. */
export function countText(count: number): string {
  return COUNT.format(count);
}

/** An ISO time to the second, without the T. */
export function instantText(time: string): string {
  return time.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
}
