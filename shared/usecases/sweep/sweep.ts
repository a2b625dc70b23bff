import type { SweepCursors } from '../../batch/ports.ts';
import { sealWindows } from '../../collector/seal.ts';
import { METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';
import { processDueBatches } from './due.ts';
import { sweepProviders } from './providers.ts';
import { queueCursors } from './queuePages.ts';
import { newSweepRun, type SweepRun, type SweepRunPorts } from './run.ts';
import { withShares } from './share.ts';
import { watchUnreadable } from './unreadable.ts';

type SweepPorts = Pick<Dependencies, 'sweepLock' | 'chance' | 'policy'> &
  SweepRunPorts &
  Parameters<typeof sealWindows>[0] &
  Parameters<typeof processDueBatches>[0] &
  Parameters<typeof sweepProviders>[0];

/**
 * Sweeps all batches: acts on those that are due and, for all providers at the same time, checks jobs;
 * then it recovers the jobs of expired claims and starts what there is capacity for. A sweep decides
 * and sends work; it moves no files. The schedule fires at least once per tick, so a lease keeps sweeps
 * from overlapping. A sweep that runs out of time leaves cursors at which the next one resumes.
 *
 * @param deadline when the function is killed, in milliseconds since 1970
 */
export async function sweep(given: SweepPorts, deadline: number): Promise<void> {
  const { sweepLock, chance, clock, policy, log } = given;
  const token = chance.token();
  const leaseUntil = deadline + policy.leaseMarginSeconds * 1000;
  const startedAt = clock.now();
  const cursors = await sweepLock.acquire(token, startedAt, leaseUntil);
  if (!cursors) return log.info('sweep skipped; another one is in progress');
  const run = newSweepRun(given, deadline);
  // Every call to a provider counts in its share, wherever in the sweep it is made.
  const ports = { ...given, providers: withShares(given.providers, run.shareOf) };
  for (const [queue, cursor] of queueCursors(cursors)) run.queueCursors.set(queue, cursor);
  try {
    await sealWindows(ports, run);
    await sweepProviders(ports, run, cursors, processDue(ports, run, cursors));
  } finally {
    run.close();
    const next = { ...run.nextCursors, ...Object.fromEntries(run.queueCursors) };
    await sweepLock.release(token, next, clock.now());
  }
  report(ports, run, startedAt);
}

async function processDue(ports: SweepPorts, run: SweepRun, cursors: SweepCursors): Promise<void> {
  await processDueBatches(ports, run, cursors).finally(() => {
    run.dueEndedAt = ports.clock.now();
  });
  await run.safely({}, () => watchUnreadable(ports, run));
}

function report(ports: SweepPorts, run: SweepRun, startedAt: number): void {
  const { clock, log, metrics } = ports;
  const wasCutShort = Object.keys(run.nextCursors).length > 0 || run.hasCutShort();
  const truncated = run.isOver() || wasCutShort;
  const seconds = (clock.now() - startedAt) / 1000;
  const admitted = [...run.admitted.values()].reduce((sum, count) => sum + count, 0);
  if (truncated) metrics.count(METRICS.sweepsTruncated, 1);
  run.gauges.emit(ports, admitted, !run.isOver());
  const { seen, errors } = run;
  log.info('sweep done', { seen, admitted, errors, truncated, seconds });
}
