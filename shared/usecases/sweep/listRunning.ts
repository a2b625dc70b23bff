import { messageOf } from '../../batch/errors.ts';
import type { JobState } from '../../batch/job.ts';
import type { BatchStore } from '../../batch/ports.ts';
import type { Dependencies } from '../dependencies.ts';
import { pages } from '../pages.ts';
import type { SweepRun } from './run.ts';

/** Jobs that may come first although none of them is ours: a page of most providers. */
const PATIENCE = 100;
/** Beyond that, one in so many must be ours, or asking about each costs as few calls and less time. */
const RARITY = 10;

/**
 * Our jobs that a provider's list shows as running: a call a page, instead of one for each. The
 * list is believed of nothing else. A job that it does not show, or shows as ended, is asked about
 * by itself: a service may list its jobs without all that they wrote. Empty where our jobs are few
 * or there is no such list; what a listing has told before it failed counts.
 */
export async function listRunning(
  dependencies: Dependencies,
  run: Pick<SweepRun, 'isLookingOver'>,
  name: string,
): Promise<ReadonlyMap<string, JobState>> {
  const { providers, batches, policy, log } = dependencies;
  const running = new Map<string, JobState>();
  try {
    const provider = await providers.get(name);
    if (!provider.listStates) return running;
    const wanted = await namedJobs(batches, name);
    if (wanted.size < policy.listFrom) return running;
    let listed = 0;
    let found = 0;
    for await (const { jobId, state } of provider.listStates()) {
      listed += 1;
      if (wanted.delete(jobId)) {
        found += 1;
        if (state.state === 'running') running.set(jobId, state);
      }
      const isRare = listed >= PATIENCE + found * RARITY;
      if (wanted.size === 0 || isRare || run.isLookingOver()) break;
    }
  } catch (error) {
    log.warn('jobs could not be listed: they are asked about one by one', {
      provider: name,
      error: messageOf(error),
    });
  }
  return running;
}

/** Ids only: thousands of records would not fit beside each other. */
async function namedJobs(batches: BatchStore, name: string): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const page of pages((cursor) => batches.listActive(name, cursor)))
    for (const { jobId, isOver } of page) if (jobId !== undefined && !isOver) ids.add(jobId);
  return ids;
}
