import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { invalidText } from '../shared/invalid/text.ts';
import type { Dependencies } from '../shared/usecases/dependencies.ts';
import { checkJob } from '../shared/usecases/sweep/check.ts';
import { sweepPart } from '../shared/usecases/sweep/sweep.ts';
import { type Compose, composition } from './compose.ts';
import { observed } from './observability.ts';

/** Sweeps all batches, or a shard of them, on a tick of a schedule, or checks the one job that an event reports as ended. */
export function createSweeper(compose: Compose) {
  return (event: unknown, context: Context): Promise<void> =>
    observed(context, () => {
      const deadline = Date.now() + context.getRemainingTimeInMillis();
      const { dependencies, config } = compose();
      return runSweeper(dependencies, event, deadline, config.settings.shards);
    });
}

export const handler = createSweeper(composition());

/** The input that the rule on a provider's events passes: a job of one of these entries has ended. */
const endedJobSchema = z.strictObject({
  action: z.literal('check'),
  providers: z.array(z.string()).min(1).max(100),
  jobId: z.string().min(1).max(2_048),
});

/** The input that the schedule of a shard passes. That without a shard has Scheduler's own event. */
const shardSchema = z.strictObject({ shard: z.int().nonnegative() });

/**
 * Does what the event asks for.
 *
 * @param shards how many there are. Default: one
 * @throws Error for an event of a rule that holds anything but a job
 */
export async function runSweeper(
  dependencies: Dependencies,
  event: unknown,
  deadline: number,
  shards = 1,
): Promise<void> {
  const isFromRule = typeof event === 'object' && event !== null && 'action' in event;
  if (!isFromRule) {
    const { shard } = shardSchema.safeParse(event).data ?? {};
    return sweepPart(dependencies, deadline, { shards, shard });
  }
  const parsed = endedJobSchema.safeParse(event);
  if (!parsed.success)
    throw new Error(`not the event of a rule: ${invalidText(parsed.error, { input: event })}`);
  const { providers, jobId } = parsed.data;
  for (const provider of providers) if (await checkJob(dependencies, { provider, jobId })) return;
}
