import pMap from 'p-map';
import * as z from 'zod';
import type { SweepCursors, SweepLock } from '../../batch/ports.ts';
import { tryParseJson } from '../../jsonl/rows.ts';
import { METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';
import type { SweepRun } from './run.ts';
import { shardedSince } from './shards.ts';

/** The name under which a sweep leaves its report, beside its cursors. */
const REPORT = 'report';

/** What the last sweep of a shard, or of the coordinator, has to say. */
const reportSchema = z.object({
  /** When it ended, in milliseconds since 1970. */
  at: z.number(),
  /** Running jobs in its partitions, by provider. */
  running: z.record(z.string(), z.number()),
});

type Report = z.infer<typeof reportSchema>;

/** What a sweep leaves for those that watch it. */
export function reportOf(run: Pick<SweepRun, 'gauges'>, now: number): SweepCursors {
  const running = Object.fromEntries(run.gauges.runningJobs());
  const report: Report = { at: now, running };
  return { [REPORT]: JSON.stringify(report) };
}

/** The report of the sweep before, which one that has failed passes on. */
export function lastReport(cursors: SweepCursors = {}): SweepCursors {
  const report = cursors[REPORT];
  return report === undefined ? {} : { [REPORT]: report };
}

function readReport(cursors: SweepCursors = {}): Report | undefined {
  return reportSchema.safeParse(tryParseJson(cursors[REPORT] ?? '')).data;
}

/** When the last sweep of a shard ended that did not fail, in milliseconds since 1970. */
export async function lastReportAt(
  sweepLock: Pick<SweepLock, 'last'>,
  shard: number,
): Promise<number | undefined> {
  return readReport((await sweepLock.last(shard))?.cursors)?.at;
}

/** A shard that has not ended a sweep for so long is late. */
const LATE_AFTER_MS = 10 * 60_000;
/** Or for so many intervals between two sweeps of the coordinator, if those are longer. */
const MISSED_SWEEPS = 3;
/** Shards whose reports are read at the same time. */
const READ_AT_ONCE = 8;

type WatchPorts = Pick<Dependencies, 'sweepLock' | 'clock' | 'log' | 'metrics'>;

/** @param sweptAt when the sweep before this one had ended, which shows how often there is one */
function patienceOf(sweptAt: number | undefined, now: number): number {
  return Math.max(LATE_AFTER_MS, MISSED_SWEEPS * (now - (sweptAt ?? now)));
}

/** Tells if the coordinator does not sweep. One that has never swept is not known to be late. */
export async function watchCoordinator(
  { sweepLock, clock, log, metrics }: WatchPorts,
  sweptAt: number | undefined,
): Promise<void> {
  const now = clock.now();
  const report = readReport((await sweepLock.last())?.cursors);
  if (!report || now - report.at <= patienceOf(sweptAt, now)) return;
  metrics.measure(METRICS.shardsLate, 1);
  log.error('the coordinator of the shards has not swept; no batch starts');
}

/**
 * Sums up the reports of all shards, and tells if some of them do not sweep.
 *
 * @returns the running jobs by provider; undefined if the report of a shard is missing or too old
 */
export async function watchShards(
  { sweepLock, clock, log, metrics }: WatchPorts,
  {
    shards,
    cursors,
    sweptAt,
  }: {
    readonly shards: number;
    /** Of the coordinator's sweep before. */
    readonly cursors: SweepCursors;
    /** When that sweep had ended, in milliseconds since 1970; undefined before the first. */
    readonly sweptAt: number | undefined;
  },
): Promise<ReadonlyMap<string, number> | undefined> {
  const now = clock.now();
  const since = shardedSince(cursors, shards, now);
  const patienceMs = patienceOf(sweptAt, now);
  const numbers = Array.from({ length: shards }, (_, shard) => shard);
  const reports = await pMap(
    numbers,
    async (shard) => readReport((await sweepLock.last(shard))?.cursors),
    { concurrency: READ_AT_ONCE },
  );
  const isLate = (shard: number) => now - Math.max(reports[shard]?.at ?? 0, since) > patienceMs;
  const late = numbers.filter(isLate);
  if (late.length > 0) {
    metrics.measure(METRICS.shardsLate, late.length);
    log.error('shards have not swept; their batches wait', { shards: late });
  }
  const runningJobs = new Map<string, number>();
  for (const report of reports) {
    // What was counted with another number of shards would be counted twice, or not at all.
    if (!report || report.at < Math.max(since, now - patienceMs)) return undefined;
    for (const [provider, jobs] of Object.entries(report.running))
      runningJobs.set(provider, (runningJobs.get(provider) ?? 0) + jobs);
  }
  return runningJobs;
}
