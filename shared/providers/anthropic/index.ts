import { credentialOf } from '../credential.ts';
import type { Connection as Entry } from '../kinds.ts';
import type { Provider } from '../provider.ts';
import { referenceOf } from '../translation/reference.ts';
import { cancel } from './cancel.ts';
import { check } from './check.ts';
import { createClient, readClient } from './client.ts';
import { deleteFiles } from './deleteFiles.ts';
import { describeAnthropic } from './description.ts';
import { endedKeys } from './endedKeys.ts';
import { listJobs } from './listJobs.ts';
import { readRows } from './rows.ts';
import { submit } from './submit.ts';

/** Anthropic's Message Batches API. */
export async function connectAnthropic(entry: Entry<'anthropic'>): Promise<Provider> {
  const { settings, limits, baseUrl } = entry;
  const apiKey = credentialOf(entry.entry, await entry.secret());
  const reads = readClient({ apiKey, baseUrl });
  const creates = createClient({ apiKey, baseUrl });
  const keys = endedKeys(reads);
  return {
    ...describeAnthropic(settings),
    limits,
    referenceOf,
    submit: (submission) => submit(creates, submission, settings),
    check: (jobId) => check(reads, jobId),
    cancel: (jobId) => cancel(reads, jobId),
    listJobs: (since) => listJobs(reads, keys, since),
    readRows: (outcome, job) => readRows(reads, outcome, job),
    deleteFiles: (jobId) => deleteFiles(reads, jobId),
    // Requests travel in the create call: what became no job left nothing behind.
    deleteLeftovers: () => Promise.resolve(),
  };
}
