import type { Limits } from '../../batch/limits.ts';
import type { Provider } from '../provider.ts';
import { cancel } from './cancel.ts';
import { check } from './check.ts';
import { type Connection, readClient, writeClient } from './client.ts';
import { deleteFiles } from './deleteFiles.ts';
import { deleteLeftovers } from './deleteLeftovers.ts';
import { openAiDescription } from './description.ts';
import { listJobs } from './listJobs.ts';
import { readRows } from './rows.ts';
import { submit } from './submit.ts';

/** OpenAI's Batch API, or one that speaks like it at `baseUrl` (which ends in `/v1`). */
export function openAiProvider(connection: Connection & { readonly limits: Limits }): Provider {
  const reads = readClient(connection);
  const writes = writeClient(connection);
  return {
    ...openAiDescription,
    limits: connection.limits,
    submit: (submission) => submit(writes, submission),
    check: (jobId) => check(reads, jobId),
    cancel: (jobId) => cancel(reads, jobId),
    listJobs: (since) => listJobs(reads, since),
    readRows: (outcome) => readRows(reads, outcome),
    deleteFiles: (jobId) => deleteFiles(reads, jobId),
    deleteLeftovers: (keys, since) => deleteLeftovers(reads, keys, since),
  };
}
