import { crc32 } from 'node:zlib';

/** What a simulator may do with a job; the command line's `--plan` speaks these words. */
export const PLAN_WORDS = [
  'completed',
  'partial',
  'failed_quota',
  'failed_invalid',
  'all_errors',
  'expired',
  'cancelled',
  'stuck',
  'lost_reply',
] as const;
export type PlanWord = (typeof PLAN_WORDS)[number];

/** A plan with a word that no simulator knows. */
class PlanError extends Error {
  override readonly name = 'PlanError';
}

/**
 * The outcomes of the jobs of each batch, in order, from words separated by commas.
 *
 * @throws PlanError naming the wrong word and the allowed ones
 */
export function parsePlan(text: string): PlanWord[] {
  return text.split(',').map((part) => {
    const word = PLAN_WORDS.find((known) => known === part.trim());
    if (word === undefined)
      throw new PlanError(
        `plan "${text}": the word "${part.trim()}" is not known, use ${PLAN_WORDS.join(', ')} separated by commas`,
      );
    return word;
  });
}

/**
 * The word for what comes at a position of a plan, the first at 0; the last word repeats.
 *
 * @throws PlanError for a plan without a word
 */
export function wordAt<Word extends string>(plan: readonly Word[], position: number): Word {
  const word = plan[Math.min(position, plan.length - 1)];
  if (word === undefined) throw new PlanError('the plan has no word');
  return word;
}

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

/** A 32-bit hash of a text or of bytes: equal input, equal hash, in every process. */
export function hashOf(value: string | Uint8Array): number {
  return mix(crc32(value), 0);
}

/** Two 32-bit numbers stirred into one, so that near input does not give near output. */
export function mix(a: number, b: number): number {
  // The finalizer of MurmurHash3.
  let h = a ^ Math.imul(b, 0x9e3779b9);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Numbers in [0, 1), the same sequence for the same seed. */
export function chanceFrom(seed: number): () => number {
  let drawn = 0;
  return () => mix(seed, ++drawn) / 2 ** 32;
}

/** `length` hexadecimal digits drawn from `chance`. */
export function hexadecimal(chance: () => number, length: number): string {
  let digits = '';
  while (digits.length < length) digits += Math.floor(chance() * 16).toString(16);
  return digits;
}
