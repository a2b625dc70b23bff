import { sealWindows } from '../../collector/seal.ts';
import { METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';
import { noteAccepted } from '../providerState.ts';
import { admitQueued, isQueueCursor, queueCursors } from './admit.ts';
import { processDueBatches } from './due.ts';
import { reconcile } from './reconcile.ts';
import { newSweepRun, type SweepRun } from './run.ts';

/** The cursor of the admission: a provider's name. */
const ADMISSION = 'admission';

/**
 * One sweep: looks at everything that is due, finds what lost claims have left at the providers,
 * then starts what there is room for. It decides and sends work; it moves no bytes. Schedules fire
 * at least once, so a lease keeps sweeps from overlapping; one that runs out of time leaves a
 * cursor for the next.
 *
 * @param deadline when the function is killed, in milliseconds since 1970
 */
export async function sweep(dependencies: Dependencies, deadline: number): Promise<void> {
  const { sweepLock, chance, clock, policy, log, metrics } = dependencies;
  const token = chance.token();
  const leaseUntil = deadline + policy.leaseMarginSeconds * 1000;
  const startedAt = clock.now();
  const cursors = await sweepLock.acquire(token, startedAt, leaseUntil);
  if (!cursors) return log.info('another sweep is under way');
  const run = newSweepRun(dependencies, deadline);
  for (const [queue, place] of queueCursors(cursors)) run.places.set(queue, place);
  try {
    await sealWindows(dependencies, run);
    await processDueBatches(dependencies, run, cursors);
    await noteAllAccepted(dependencies, run);
    await reconcile(dependencies, run);
    const stoppedAt = await admitQueued(dependencies, run, cursors[ADMISSION]);
    if (stoppedAt !== undefined) run.next[ADMISSION] = stoppedAt;
  } finally {
    await sweepLock.release(token, { ...run.next, ...Object.fromEntries(run.places) }, clock.now());
  }
  const truncated = run.isOver() || Object.keys(run.next).length > 0;
  metrics.count(METRICS.swept, run.seen);
  if (truncated) metrics.count(METRICS.sweepsTruncated, 1);
  const seconds = (clock.now() - startedAt) / 1000;
  metrics.measure(METRICS.sweepDuration, seconds);
  run.gauges.tell(dependencies, run, !truncated && Object.keys(cursors).every(isQueueCursor));
  const { seen, admitted, errors } = run;
  log.info('swept', { seen, admitted, errors, truncated, seconds });
}

/** One write for each provider, however many jobs it has taken on. */
async function noteAllAccepted(dependencies: Dependencies, run: SweepRun): Promise<void> {
  for (const [provider, accepted] of Map.groupBy(run.accepted, (batch) => batch.provider))
    await run.safely({ provider }, () => noteAccepted(dependencies, provider, accepted));
}
