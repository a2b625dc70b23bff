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
