/** The outcomes of simulated jobs, as `--plan` names them. */
export const PLANNED_OUTCOMES = [
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
export type PlannedOutcome = (typeof PLANNED_OUTCOMES)[number];

/** A plan is empty or names an outcome that does not exist. */
class PlanError extends Error {
  override readonly name = 'PlanError';
}

/**
 * Parses a plan: the outcomes of the jobs of each batch, in order, separated by commas.
 *
 * @throws PlanError naming the unknown outcome and the known ones
 */
export function parsePlan(text: string): PlannedOutcome[] {
  return text.split(',').map((part) => {
    const outcome = PLANNED_OUTCOMES.find((known) => known === part.trim());
    if (outcome === undefined)
      throw new PlanError(
        `plan "${text}": unknown outcome "${part.trim()}", use ${PLANNED_OUTCOMES.join(', ')}, separated by commas`,
      );
    return outcome;
  });
}

/**
 * The entry of a plan at a position, counted from 0. The last entry repeats.
 *
 * @throws PlanError for an empty plan
 */
export function outcomeAt<Outcome extends string>(
  plan: readonly Outcome[],
  position: number,
): Outcome {
  const outcome = plan[Math.min(position, plan.length - 1)];
  if (outcome === undefined) throw new PlanError('the plan is empty');
  return outcome;
}

/** What becomes of one request of a job. */
export type Verdict =
  | 'succeeded'
  | 'rate_limited'
  | 'server_error'
  | 'refused'
  /** The job ended before the request was run. */
  | 'not_run';

/** The verdict on a request that was run and failed. */
export type FailedVerdict = Exclude<Verdict, 'succeeded' | 'not_run'>;

/**
 * The verdict on the request with the given rank in the running order, counted from 0.
 *
 * @param ran how many of the `total` requests were run before the job ended
 */
export function verdictOf(
  outcome: PlannedOutcome,
  rank: number,
  ran: number,
  total: number,
): Verdict {
  if (rank >= ran) return 'not_run';
  if (outcome === 'all_errors') return 'refused';
  if (outcome === 'partial' && rank < failuresOf(total))
    return rank % 2 === 0 ? 'rate_limited' : 'server_error';
  return 'succeeded';
}

/** How many of the first `ran` requests succeed and fail. */
export function verdictCounts(
  outcome: PlannedOutcome,
  ran: number,
  total: number,
): { succeeded: number; failed: number } {
  const failures = outcome === 'all_errors' ? total : outcome === 'partial' ? failuresOf(total) : 0;
  const failed = Math.min(ran, failures);
  return { succeeded: ran - failed, failed };
}

/** A tenth, and at least one of several requests, so that repeating `partial` ends some day. */
function failuresOf(total: number): number {
  return total > 1 ? Math.ceil(total / 10) : 0;
}
