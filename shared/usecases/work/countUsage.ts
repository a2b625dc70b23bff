import type { Batch } from '../../batch/batch.ts';
import type { EventOf } from '../../batch/events.ts';
import { METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';

/** Counts what a job used and cost, once its rows are in. Those of a batch's parts were counted by them. */
export function countUsage(
  { metrics }: Pick<Dependencies, 'metrics'>,
  { provider, parts }: Batch,
  { usage, cost }: EventOf<'collected'>,
): void {
  if (parts) return;
  if (usage.totalTokens > 0) metrics.count(METRICS.tokens, usage.totalTokens, provider);
  if (cost !== undefined && cost > 0) metrics.count(METRICS.cost, cost, provider);
}
