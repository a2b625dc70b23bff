import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Tally } from './runSchedules.ts';
import type { Share } from './worker.ts';

/** Runs the schedules on all cores, each with its own part of the seeds. */
export async function runInParallel(share: Share): Promise<Tally> {
  const { firstSeed, count } = share;
  const workers = Math.max(1, Math.min(availableParallelism(), Math.ceil(count / 100)));
  const each = Math.ceil(count / workers);
  const tallies = await Promise.all(
    Array.from({ length: workers }, (_, index) => {
      const from = firstSeed + index * each;
      return runPart({
        ...share,
        firstSeed: from,
        count: Math.max(0, Math.min(each, firstSeed + count - from)),
      });
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
    broken: [...sum.broken, ...tally.broken],
  }));
}

function runPart(share: Share): Promise<Tally> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: share });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
