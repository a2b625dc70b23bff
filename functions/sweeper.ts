import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { invalidText } from '../shared/invalid/text.ts';
import type { Dependencies } from '../shared/usecases/dependencies.ts';
import { checkJob } from '../shared/usecases/sweep/check.ts';
import { sweep } from '../shared/usecases/sweep/sweep.ts';
import { type Compose, composition } from './compose.ts';
import { observed } from './observability.ts';

/** Sweeps all batches on a tick of the schedule, or checks the one job that an event reports as ended. */
export function createSweeper(compose: Compose) {
  return (event: unknown, context: Context): Promise<void> =>
    observed(context, () => {
      const deadline = Date.now() + context.getRemainingTimeInMillis();
      return runSweeper(compose().dependencies, event, deadline);
    });
}

export const handler = createSweeper(composition());

/** The input that the rule on a provider's events passes: a job of one of these entries has ended. */
const endedJobSchema = z.strictObject({
  action: z.literal('check'),
  providers: z.array(z.string()).min(1).max(100),
  jobId: z.string().min(1).max(2_048),
});

/**
 * Does what the event asks for.
 *
 * @throws Error for an event of a rule that holds anything but a job
 */
export async function runSweeper(
  dependencies: Dependencies,
  event: unknown,
  deadline: number,
): Promise<void> {
  const isFromRule = typeof event === 'object' && event !== null && 'action' in event;
  if (!isFromRule) return sweep(dependencies, deadline);
  const parsed = endedJobSchema.safeParse(event);
  if (!parsed.success)
    throw new Error(`not the event of a rule: ${invalidText(parsed.error, { input: event })}`);
  const { providers, jobId } = parsed.data;
  for (const provider of providers) if (await checkJob(dependencies, { provider, jobId })) return;
}
