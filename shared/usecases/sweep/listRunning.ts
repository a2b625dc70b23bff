import { messageOf } from '../../batch/errors.ts';
import type { JobState } from '../../batch/job.ts';
import { type BatchStore, pages } from '../../batch/ports.ts';
import type { Dependencies } from '../dependencies.ts';

type ListRunningPorts = Pick<Dependencies, 'providers' | 'batches' | 'policy' | 'log'>;

/** The listing may begin with so many jobs of others: a page of most providers. */
const MAX_FOREIGN_FIRST = 100;
/** After that it must have one job of ours in so many; otherwise single checks are as cheap. */
const MAX_FOREIGN_PER_OWN = 10;

/**
 * Lists a provider's running jobs, which takes a call per page instead of one per job. Only
 * `running` is taken from the listing: a job that it does not show, or shows as ended, is checked
 * by itself, because a service may list a job without all of its output.
 *
 * @returns the states of our running jobs by id. Empty if our jobs are few or the provider has no
 *   such listing; incomplete if the listing failed half way
 */
export async function listRunning(
  { providers, batches, policy, log }: ListRunningPorts,
  run: { dueBudgetSpent(): boolean },
  name: string,
): Promise<ReadonlyMap<string, JobState>> {
  const running = new Map<string, JobState>();
  try {
    const provider = await providers.get(name);
    if (!provider.listStates) return running;
    const wanted = await activeJobIds(batches, name);
    if (wanted.size < policy.listFrom) return running;
    let listed = 0;
    let found = 0;
    for await (const { jobId, state } of provider.listStates()) {
      listed += 1;
      if (wanted.delete(jobId)) {
        found += 1;
        if (state.state === 'running') running.set(jobId, state);
      }
      const isRare = listed >= MAX_FOREIGN_FIRST + found * MAX_FOREIGN_PER_OWN;
      if (wanted.size === 0 || isRare || run.dueBudgetSpent()) break;
    }
  } catch (error) {
    log.warn('job listing failed; jobs are checked one by one', {
      provider: name,
      error: messageOf(error),
    });
  }
  return running;
}

/** Ids only: thousands of records would not fit into memory at once. */
async function activeJobIds(batches: BatchStore, provider: string): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const page of pages((cursor) => batches.listActive(provider, cursor)))
    for (const { jobId, isOver } of page) if (jobId !== undefined && !isOver) ids.add(jobId);
  return ids;
}
