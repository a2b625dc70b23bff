import type { SweepCursors } from '../../batch/ports.ts';
import { sealWindows } from '../../collector/seal.ts';
import { METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';
import { processDueBatches } from './due.ts';
import { sweepProviders } from './providers.ts';
import { queueCursors } from './queuePages.ts';
import { newSweepRun, type SweepRun, type SweepRunPorts } from './run.ts';
import { lastReport, reportOf, watchCoordinator, watchShards } from './shardReports.ts';
import {
  notesOfShards,
  notesOfStrays,
  type SweepPart,
  scopeOf,
  shardedSince,
  WHOLE,
} from './shards.ts';
import { withShares } from './share.ts';
import { watchUnreadable } from './unreadable.ts';

type SweepPorts = Pick<Dependencies, 'sweepLock' | 'chance' | 'policy'> &
  SweepRunPorts &
  Parameters<typeof sealWindows>[0] &
  Parameters<typeof processDueBatches>[0] &
  Parameters<typeof sweepProviders>[0];

/**
 * Sweeps all batches, or does one part of a sweep: it acts on those that are due and, for all providers at
 * the same time, checks jobs; then it recovers the jobs of expired claims and starts what there is capacity
 * for. A sweep decides and sends work; it moves no files. The schedule fires at least once per tick, so a lease keeps sweeps
 * from overlapping. A sweep that runs out of time leaves cursors at which the next one resumes.
 *
 * @param deadline when the function is killed, in milliseconds since 1970
 * @param part what of it this sweep does. Default: everything
 */
export async function sweep(
  given: SweepPorts,
  deadline: number,
  part: SweepPart = WHOLE,
): Promise<void> {
  const { sweepLock, chance, clock, policy, log } = given;
  const token = chance.token();
  const leaseUntil = deadline + policy.leaseMarginSeconds * 1000;
  const startedAt = clock.now();
  const { shard } = part;
  const cursors = await sweepLock.acquire(token, startedAt, leaseUntil, shard);
  if (!cursors) return log.info('sweep skipped; another one is in progress', { shard });
  // The next release overwrites it.
  const sweptAt = part.shards > 1 ? (await sweepLock.last(shard))?.at : undefined;
  const scope = scopeOf(part, given.batches, { cursors, now: startedAt });
  const run = newSweepRun(given, scope, deadline);
  // Every call to a provider counts in its share, wherever in the sweep it is made.
  const ports = { ...given, providers: withShares(given.providers, run.shareOf) };
  for (const [queue, cursor] of queueCursors(cursors)) run.queueCursors.set(queue, cursor);
  let isDone = false;
  try {
    if (scope.coordinates) await sealWindows(ports, run);
    await sweepProviders(ports, run, cursors, processDue(ports, run, cursors));
    isDone = true;
  } finally {
    run.close();
    const queues = Object.fromEntries(run.queueCursors);
    const notes = notesOf(part, run, { cursors, isDone, startedAt, now: clock.now() });
    await sweepLock.release(token, { ...run.nextCursors, ...queues, ...notes }, clock.now(), shard);
  }
  await report(ports, run, { part, cursors, sweptAt, startedAt });
}

/**
 * Does its part of a sweep. For a moment after a deployment, schedules still name shards that its code does not have,
 * whose partitions belong to others: those do nothing.
 */
export async function sweepPart(
  ports: SweepPorts,
  deadline: number,
  part: SweepPart,
): Promise<void> {
  const { shards, shard } = part;
  if (shard !== undefined && (shards === 1 || shard >= shards))
    return ports.log.info('sweep skipped; there is no such shard', { shard, shards });
  return sweep(ports, deadline, part);
}

/** What the next sweep has to know beside where this one stopped. */
function notesOf(
  { shards, shard }: SweepPart,
  run: SweepRun,
  given: {
    readonly cursors: SweepCursors;
    readonly isDone: boolean;
    readonly startedAt: number;
    readonly now: number;
  },
): SweepCursors {
  const { cursors, isDone, startedAt, now } = given;
  const report = isDone ? reportOf(run, now) : lastReport(cursors);
  if (shard !== undefined) return report;
  if (shards > 1)
    return { ...report, ...notesOfShards(shards, shardedSince(cursors, shards, startedAt)) };
  const mayHaveMore = run.mayHaveStrays || !isDone || run.dueBudgetSpent();
  return notesOfStrays(cursors, run.scope, { mayHaveMore, now: startedAt });
}

async function processDue(ports: SweepPorts, run: SweepRun, cursors: SweepCursors): Promise<void> {
  await processDueBatches(ports, run, cursors).finally(() => {
    run.dueEndedAt = ports.clock.now();
  });
  if (run.scope.coordinates) await run.safely({}, () => watchUnreadable(ports, run));
}

async function report(
  ports: SweepPorts,
  run: SweepRun,
  {
    part: { shards, shard },
    cursors,
    sweptAt,
    startedAt,
  }: {
    readonly part: SweepPart;
    readonly cursors: SweepCursors;
    readonly sweptAt: number | undefined;
    readonly startedAt: number;
  },
): Promise<void> {
  const { clock, log, metrics } = ports;
  const wasCutShort = Object.keys(run.nextCursors).length > 0 || run.hasCutShort();
  const truncated = run.isOver() || wasCutShort;
  const seconds = (clock.now() - startedAt) / 1000;
  const admitted = [...run.admitted.values()].reduce((sum, count) => sum + count, 0);
  if (truncated) metrics.count(METRICS.sweepsTruncated, 1);
  run.gauges.emitLag(ports);
  const { seen, errors } = run;
  log.info('sweep done', { shard, seen, admitted, errors, truncated, seconds });
  let runningJobs: ReadonlyMap<string, number> | undefined;
  await run.safely({}, async () => {
    // Each is watched by another: the coordinator by the first shard.
    if (shard === 0) await watchCoordinator(ports, sweptAt);
    if (shard === undefined && shards > 1)
      runningJobs = await watchShards(ports, { shards, cursors, sweptAt });
  });
  if (shard !== undefined) return;
  if (shards === 1) runningJobs = run.gauges.runningJobs();
  run.gauges.emit(ports, admitted, { isWhole: !run.isOver(), runningJobs });
}
