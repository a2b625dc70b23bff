import type { RunningFacts } from '../batch/lifecycle/jobProgress.ts';
import { omitUndefined } from '../omitUndefined.ts';
import type { Item } from './itemTable.ts';

/**
 * What the index of a provider's jobs shows of one that runs. The attributes of an index cannot be changed,
 * so it is the value of `isOver`, which is `true` only once the job has ended: earlier versions take
 * every other value alike.
 *
 * Times and counts as decimals and the completion window, separated by commas; empty: absent.
 */
export function runningText(facts: RunningFacts | undefined): string | undefined {
  if (!facts) return undefined;
  const { deadlineAt, completionWindow, job } = facts;
  const { submittedAt, acceptedAt, progress, progressAt } = job;
  const numbers = [deadlineAt, submittedAt, acceptedAt, progress, progressAt];
  return [...numbers, completionWindow].join(',');
}

const NUMBERS = 5;

/** @returns undefined if the record must be read: the item is of an earlier version, or more decides */
export function readRunningText({ jobId, isOver }: Item): RunningFacts | undefined {
  if (typeof jobId !== 'string' || typeof isOver !== 'string') return undefined;
  const fields = isOver.split(',');
  const numbers = fields.slice(0, NUMBERS).map((text) => (text === '' ? undefined : Number(text)));
  const isReadable = numbers.every((number) => number === undefined || Number.isFinite(number));
  const [deadlineAt, submittedAt, acceptedAt, progress, progressAt] = numbers;
  if (!isReadable || fields.length <= NUMBERS) return undefined;
  if (deadlineAt === undefined || submittedAt === undefined) return undefined;
  const completionWindow = fields.slice(NUMBERS).join(',') || undefined;
  const job = omitUndefined({ id: jobId, submittedAt, acceptedAt, progress, progressAt });
  return { deadlineAt, completionWindow, job };
}
