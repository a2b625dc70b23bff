import { getJob } from './check.ts';
import { classify } from './classify.ts';
import type { Jobs } from './jobs.ts';
import { isKey, keyOf } from './names.ts';
import type { Outputs } from './outputs.ts';
import type { Store } from './store.ts';

/** Deletes what an ended job of ours read and wrote, then the job: so a failure is made good. */
export async function deleteFiles(jobs: Jobs, outputs: Outputs, jobId: string): Promise<void> {
  const job = await getJob(jobs, jobId);
  const key = keyOf(job?.labels);
  if (job === undefined || key === undefined) return;
  try {
    await outputs.delete(job, key);
    await jobs.delete(jobId);
  } catch (error) {
    throw classify(error, 'read');
  }
}

/** Deletes the inputs of these submissions. What jobs wrote is theirs. */
export async function deleteLeftovers(
  store: Store,
  keys: ReadonlySet<string>,
  since: number,
): Promise<void> {
  try {
    for (const key of keys) if (isKey(key)) await store.deleteInput(key, since);
  } catch (error) {
    throw classify(error, 'read');
  }
}
