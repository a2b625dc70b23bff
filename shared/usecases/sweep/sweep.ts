import { sealWindows } from '../../collector/seal.ts';
import { METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';
import { noteAccepted } from '../providerState.ts';
import { admitQueued, isQueueCursor, queueCursors } from './admit.ts';
import { processDueBatches } from './due.ts';
import { reconcile } from './reconcile.ts';
import { newSweepRun, type SweepRun, type SweepRunPorts } from './run.ts';

type SweepPorts = Pick<Dependencies, 'sweepLock' | 'chance' | 'policy'> &
  SweepRunPorts &
  Parameters<typeof sealWindows>[0] &
  Parameters<typeof processDueBatches>[0] &
  Parameters<typeof reconcile>[0] &
  Parameters<typeof admitQueued>[0];

/** The cursor of the admission: the name of a provider. */
const ADMISSION = 'admission';

/**
 * Sweeps all batches: acts on those that are due, recovers jobs of expired claims, then starts what
 * there is capacity for. A sweep decides and sends work; it moves no files. The schedule fires at
 * least once per tick, so a lease keeps sweeps from overlapping. A sweep that runs out of time
 * leaves cursors at which the next one resumes.
 *
 * @param deadline when the function is killed, in milliseconds since 1970
 */
export async function sweep(ports: SweepPorts, deadline: number): Promise<void> {
  const { sweepLock, chance, clock, policy, log } = ports;
  const token = chance.token();
  const leaseUntil = deadline + policy.leaseMarginSeconds * 1000;
  const startedAt = clock.now();
  const cursors = await sweepLock.acquire(token, startedAt, leaseUntil);
  if (!cursors) return log.info('sweep skipped; another one is in progress');
  const run = newSweepRun(ports, deadline);
  for (const [queue, cursor] of queueCursors(cursors)) run.queueCursors.set(queue, cursor);
  try {
    await sealWindows(ports, run);
    await processDueBatches(ports, run, cursors);
    await noteAllAccepted(ports, run);
    await reconcile(ports, run);
    const stoppedAt = await admitQueued(ports, run, cursors[ADMISSION]);
    if (stoppedAt !== undefined) run.nextCursors[ADMISSION] = stoppedAt;
  } finally {
    const next = { ...run.nextCursors, ...Object.fromEntries(run.queueCursors) };
    await sweepLock.release(token, next, clock.now());
  }
  const isResumed = !Object.keys(cursors).every(isQueueCursor);
  report(ports, run, { startedAt, isResumed });
}

function report(
  ports: SweepPorts,
  run: SweepRun,
  { startedAt, isResumed }: { readonly startedAt: number; readonly isResumed: boolean },
): void {
  const { clock, log, metrics } = ports;
  const truncated = run.isOver() || Object.keys(run.nextCursors).length > 0;
  const seconds = (clock.now() - startedAt) / 1000;
  metrics.count(METRICS.swept, run.seen);
  if (truncated) metrics.count(METRICS.sweepsTruncated, 1);
  metrics.measure(METRICS.sweepDuration, seconds);
  run.gauges.emit(ports, run.admitted, !truncated && !isResumed);
  const { seen, admitted, errors } = run;
  log.info('sweep done', { seen, admitted, errors, truncated, seconds });
}

/** Writes each provider's state once, however many jobs it has accepted. */
async function noteAllAccepted(
  ports: Parameters<typeof noteAccepted>[0],
  run: SweepRun,
): Promise<void> {
  for (const [provider, accepted] of Map.groupBy(run.accepted, (batch) => batch.provider))
    await run.safely({ provider }, () => noteAccepted(ports, provider, accepted));
}
