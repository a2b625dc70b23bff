import type { Context } from 'aws-lambda';
import * as z from 'zod';
import type { Dependencies } from '../shared/usecases/dependencies.ts';
import { checkJob } from '../shared/usecases/sweep/check.ts';
import { sweep } from '../shared/usecases/sweep/sweep.ts';
import { dependencies } from './compose.ts';
import { flushMetrics, logger } from './observability.ts';

/** Looks at everything that is due, once per tick of the schedule, or at one job that has ended. */
export async function handler(event: unknown, context: Context): Promise<void> {
  logger.addContext(context);
  try {
    await runSweeper(dependencies(), event, Date.now() + context.getRemainingTimeInMillis());
  } finally {
    flushMetrics();
  }
}

/** What a rule on a provider's events hands over: the job of one of these entries has ended. */
const hintSchema = z.strictObject({
  action: z.literal('check'),
  providers: z.array(z.string()).min(1),
  jobId: z.string().min(1),
});
type Hint = z.infer<typeof hintSchema>;

/**
 * @returns undefined for a tick of the schedule
 * @throws ZodError for a hint that holds anything else
 */
export function hintIn(event: unknown): Hint | undefined {
  const isHint = typeof event === 'object' && event !== null && 'action' in event;
  return isHint ? hintSchema.parse(event) : undefined;
}

/** Does what the event asks for: a check of one job, or a sweep. */
export async function runSweeper(
  dependencies: Dependencies,
  event: unknown,
  deadline: number,
): Promise<void> {
  const hint = hintIn(event);
  if (hint === undefined) return sweep(dependencies, deadline);
  const { providers, jobId } = hint;
  for (const provider of providers) if (await checkJob(dependencies, { provider, jobId })) return;
}
