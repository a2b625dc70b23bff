import type { JobState } from '../../batch/job.ts';
import { type Client, classify, VERSION } from './client.ts';
import { jobStateOf } from './jobState.ts';
import { batchSchema, type WireBatch } from './wire.ts';

/** The present state of a job. One that the API does not know is `missing`, not an error. */
export async function check(client: Client, jobId: string): Promise<JobState> {
  const batch = await readBatch(client, jobId);
  return batch === undefined ? { state: 'missing' } : jobStateOf(batch);
}

/** Undefined for one that is not there. Throws ProviderError. */
export async function readBatch(
  { rest, url }: Client,
  jobId: string,
  signal?: AbortSignal,
): Promise<WireBatch | undefined> {
  try {
    const call = { method: 'GET', url: url(`/${VERSION}/${jobId}`) } as const;
    return batchSchema.parse(await rest.read(call, signal));
  } catch (error) {
    const failure = classify(error, 'read');
    if (failure.kind === 'missing') return undefined;
    throw failure;
  }
}
