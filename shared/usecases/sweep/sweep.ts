import type { SweepCursors } from '../../batch/ports.ts';
import { METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';
import { admitQueued } from './admitQueued.ts';
import { lookAtDue } from './lookAtDue.ts';
import { reconcile } from './reconcile.ts';
import { newSweepRun } from './run.ts';

/**
 * One sweep: looks at everything that is due, finds what lost claims have left at the providers,
 * then starts what there is room for. It decides and sends work; it moves no bytes. Schedules fire
 * at least once, so a lease keeps sweeps from overlapping; one that runs out of time leaves a
 * cursor for the next.
 *
 * @param deadline when the function is killed, in milliseconds since 1970
 */
export async function sweep(dependencies: Dependencies, deadline: number): Promise<void> {
  const { batches, sweepLock, chance, clock, policy, log, metrics } = dependencies;
  const token = chance.token();
  const leaseUntil = deadline + policy.leaseMarginSeconds * 1000;
  const cursors = await sweepLock.acquire(token, clock.now(), leaseUntil);
  if (!cursors) return log.info('another sweep is under way');
  const run = newSweepRun(dependencies, deadline);
  const next: Record<string, string> = {};
  try {
    for (let shard = 0; shard < batches.shards; shard++) {
      const name = `open#${shard}`;
      const cursor = await lookAtDue(dependencies, run, shard, cursors[name]);
      if (cursor !== undefined) next[name] = cursor;
    }
    await reconcile(dependencies, run);
    await admitQueued(dependencies, run);
  } finally {
    await sweepLock.release(token, next satisfies SweepCursors);
  }
  const truncated = run.isOver();
  metrics.count(METRICS.swept, run.seen);
  if (truncated) metrics.count(METRICS.sweepsTruncated, 1);
  log.info('swept', { seen: run.seen, admitted: run.admitted, errors: run.errors, truncated });
}
