import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Exhausted, ExhaustiveShare } from './exhaustive.ts';
import { worstFairFigures } from './fairShare.ts';
import { worstOf } from './figures.ts';
import type { Tally } from './runSchedules.ts';
import type { Share } from './worker.ts';

interface Schedules extends Pick<Share, 'guards' | 'edits'> {
  readonly firstSeed: number;
  readonly count: number;
}

/** Runs the schedules on all cores, each with its own part of the seeds. */
export async function runInParallel({ firstSeed, count, ...share }: Schedules): Promise<Tally> {
  const workers = Math.max(1, Math.min(availableParallelism(), Math.ceil(count / 100)));
  const each = Math.ceil(count / workers);
  const tallies = await Promise.all(
    Array.from({ length: workers }, (_, index) => {
      const from = firstSeed + index * each;
      const own = Math.max(0, Math.min(each, firstSeed + count - from));
      return runPart<Tally>({ ...share, schedules: { firstSeed: from, count: own } });
    }),
  );
  return tallies.reduce((sum, tally) => ({
    schedules: sum.schedules + tally.schedules,
    lost: sum.lost + tally.lost,
    unexpected: sum.unexpected + tally.unexpected,
    duplicated: sum.duplicated + tally.duplicated,
    violations: sum.violations + tally.violations,
    recovered: sum.recovered + tally.recovered,
    caught: sum.caught + tally.caught,
    acceptedCreates: sum.acceptedCreates + tally.acceptedCreates,
    repeatedRequests: sum.repeatedRequests + tally.repeatedRequests,
    worst: worstOf(sum.worst, tally.worst),
    fair: worstFairFigures(sum.fair, tally.fair),
    broken: [...sum.broken, ...tally.broken],
  }));
}

/** Runs all faults of a life, or all pairs, on all cores. */
export async function exhaustInParallel(
  work: Pick<ExhaustiveShare, 'life' | 'depth'>,
): Promise<Exhausted> {
  const of = availableParallelism();
  const parts = await Promise.all(
    Array.from({ length: of }, (_, index) =>
      runPart<Exhausted>({ exhaustive: { ...work, index, of } }),
    ),
  );
  return parts.reduce((sum, part) => ({
    points: sum.points,
    faults: sum.faults,
    runs: sum.runs + part.runs,
    caught: sum.caught + part.caught,
    broken: [...sum.broken, ...part.broken],
  }));
}

function runPart<T extends Tally | Exhausted>(share: Share): Promise<T> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: share });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
