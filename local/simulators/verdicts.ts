import { mix } from './chance.ts';
import type { PlanWord } from './plan.ts';

/** What becomes of one request of a job. */
export type Verdict =
  | 'succeeded'
  | 'rate_limited'
  | 'server_error'
  | 'refused'
  /** Never run, because of how the job ended. */
  | 'not_run';

/**
 * The order in which a job's requests are run and its rows written: shuffled by the hashes of the
 * lines, since real providers promise none, and the same every time.
 *
 * @param salt another one gives another order
 */
export function runningOrder(hashes: readonly number[], salt: number): number[] {
  const keys = hashes.map((hash) => mix(hash, salt));
  return keys.map((_, index) => index).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b);
}

/**
 * The verdict on the request that is `rank`-th in the running order, from 0.
 *
 * @param ran how many of the `total` requests were run before the job ended
 */
export function verdictOf(word: PlanWord, rank: number, ran: number, total: number): Verdict {
  if (rank >= ran) return 'not_run';
  if (word === 'all_errors') return 'refused';
  if (word === 'partial' && rank < failing(total))
    return rank % 2 === 0 ? 'rate_limited' : 'server_error';
  return 'succeeded';
}

/** How many of the first `ran` requests succeed and fail. */
export function verdictCounts(
  word: PlanWord,
  ran: number,
  total: number,
): { succeeded: number; failed: number } {
  const errors = word === 'all_errors' ? total : word === 'partial' ? failing(total) : 0;
  const failed = Math.min(ran, errors);
  return { succeeded: ran - failed, failed };
}

/** A tenth, but at least one of several, so that a repeated `partial` comes to an end. */
function failing(total: number): number {
  return total > 1 ? Math.ceil(total / 10) : 0;
}
