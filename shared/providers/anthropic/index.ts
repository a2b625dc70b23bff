import { referenceOf } from '../../jsonl/rows.ts';
import { credentialOf } from '../http.ts';
import type { Provider, ProviderEntry } from '../provider.ts';
import { readClient, writeClient } from './api.ts';
import { type AnthropicSettings, describeAnthropic } from './description.ts';
import { cancel, check, deleteFiles, endedKeys, listJobs } from './jobs.ts';
import { readRows } from './rows.ts';
import { submit } from './submit.ts';

/** Connects to Anthropic's Message Batches API. */
export async function connectAnthropic(entry: ProviderEntry<AnthropicSettings>): Promise<Provider> {
  const { settings, limits, baseUrl } = entry;
  const apiKey = credentialOf(entry.entry, await entry.secret());
  const reads = readClient({ apiKey, baseUrl });
  const writes = writeClient({ apiKey, baseUrl });
  const keys = endedKeys(reads);
  return {
    ...(await describeAnthropic(settings)),
    limits,
    referenceOf,
    submit: (submission) => submit(writes, submission, settings),
    check: (jobId) => check(reads, jobId),
    cancel: (jobId) => cancel(reads, jobId),
    listJobs: (since, position) => listJobs(reads, keys, since, position),
    readRows: (outcome, job) => readRows(reads, outcome, job),
    deleteFiles: (jobId) => deleteFiles(reads, jobId),
    // The create call contains the requests: a submission without a job left nothing behind.
    deleteLeftovers: () => Promise.resolve(),
  };
}
