import type { Batch } from '../batch/batch.ts';
import { METRICS } from '../metrics.ts';
import { about } from './about.ts';
import type { Dependencies } from './dependencies.ts';
import { pages } from './pages.ts';
import { isAccountHeld, noteAccepted } from './providerState.ts';
import { check } from './sweep/check.ts';

/** Of the index, so that one hint costs no more than this: as many thousand jobs at one entry. */
const MAX_PAGES = 20;

/**
 * Checks one job now instead of in the next sweep, because its provider is said to have ended it.
 * That is a hint: the job is asked about, and what follows is decided and written as in a sweep. So
 * a hint that is false, late, repeated, or comes while a sweep looks at the same job changes
 * nothing, and one that never comes leaves the job to the sweep.
 *
 * @returns whether the job is of a batch that runs here
 */
export async function checkJob(
  dependencies: Dependencies,
  { provider, jobId }: { readonly provider: string; readonly jobId: string },
): Promise<boolean> {
  const { log, metrics } = dependencies;
  const batch = await find(dependencies, provider, jobId);
  if (!batch) {
    log.info('a job that is said to have ended is of no batch that runs', { provider, jobId });
    return false;
  }
  metrics.count(METRICS.earlyChecks, 1, provider);
  const accepted: Batch[] = [];
  const checks = {
    isAccountHeld: (name: string) => isAccountHeld(dependencies, name),
    onRefused: () => {},
    runningJobs: async () => new Map(),
    accepted,
  };
  await about(batch, () => check(dependencies, checks, batch));
  if (accepted.length > 0) await noteAccepted(dependencies, provider, accepted);
  return true;
}

/** The record decides: the index may be behind. */
async function find(
  { batches }: Dependencies,
  provider: string,
  jobId: string,
): Promise<Batch | undefined> {
  let pagesLeft = MAX_PAGES;
  for await (const page of pages((cursor) => batches.listActive(provider, cursor))) {
    const hint = page.find((active) => active.jobId === jobId);
    if (hint) {
      const batch = await batches.get(hint.batchId);
      const isMeant = batch?.status === 'running' && batch.job?.id === jobId;
      return isMeant && batch.provider === provider ? batch : undefined;
    }
    if (--pagesLeft === 0) return undefined;
  }
  return undefined;
}
