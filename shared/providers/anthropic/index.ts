import { credentialOf } from '../http.ts';
import type { Provider, ProviderEntry } from '../provider.ts';
import { referenceOf } from '../translation/rows.ts';
import { createClient, readClient } from './api.ts';
import { type AnthropicSettings, describeAnthropic } from './description.ts';
import { cancel, check, deleteFiles, endedKeys, listJobs } from './jobs.ts';
import { readRows } from './rows.ts';
import { submit } from './submit.ts';

/** Anthropic's Message Batches API. */
export async function connectAnthropic(entry: ProviderEntry<AnthropicSettings>): Promise<Provider> {
  const { settings, limits, baseUrl } = entry;
  const apiKey = credentialOf(entry.entry, await entry.secret());
  const reads = readClient({ apiKey, baseUrl });
  const creates = createClient({ apiKey, baseUrl });
  const keys = endedKeys(reads);
  return {
    ...(await describeAnthropic(settings)),
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
