import { CLEAN_UP_DEADLINE_MS } from '../readBounds.ts';
import { readBatch } from './check.ts';
import type { Client } from './client.ts';
import { deleteUploads } from './deleteLeftovers.ts';
import { remove } from './remove.ts';

/** Uploads come before their job, whose times are of another clock than ours. */
const UPLOAD_LEAD_MS = 24 * 60 * 60 * 1000;

/** Deletes what a job read and wrote, then its record. What is not there needs no deleting. */
export async function deleteFiles(client: Client, jobId: string): Promise<void> {
  const signal = AbortSignal.timeout(CLEAN_UP_DEADLINE_MS);
  const batch = await readBatch(client, jobId, signal);
  if (batch === undefined) return;
  const { displayName, inputConfig, output, createTime } = batch.metadata;
  if (inputConfig?.fileName) await remove(client, inputConfig.fileName, signal);
  // The answer need not name the input, whose name is the job's.
  else if (displayName)
    await deleteUploads(client, new Set([displayName]), createTime - UPLOAD_LEAD_MS, signal);
  const responsesFile = (batch.response ?? output)?.responsesFile;
  if (responsesFile) await remove(client, responsesFile, signal);
  // Last: it tells where the others are.
  await remove(client, jobId, signal);
}
