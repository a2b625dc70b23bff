import type { Backoff } from './policy.ts';

/**
 * Exponential backoff with full jitter: uniform between zero and the doubled base, capped.
 * Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * @param failures how many failures came before this one, from 0
 * @param random a number in [0, 1)
 * @returns the wait in milliseconds
 */
export function fullJitterMs(backoff: Backoff, failures: number, random: number): number {
  return Math.round(random * ceilingMs(backoff, failures));
}

/** The longest wait that {@link fullJitterMs} can give after so many failures, in milliseconds. */
export function ceilingMs({ baseSeconds, capSeconds }: Backoff, failures: number): number {
  return Math.min(capSeconds, baseSeconds * 2 ** Math.min(failures, 30)) * 1000;
}
