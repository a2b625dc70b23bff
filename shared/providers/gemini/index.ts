import { credentialOf } from '../http.ts';
import type { Provider, ProviderEntry } from '../provider.ts';
import { connectClient } from './api.ts';
import { describeGemini, type GeminiSettings } from './description.ts';
import { cancel, check, deleteFiles, deleteLeftovers, listJobs } from './jobs.ts';
import { readRows } from './rows.ts';
import { submit } from './submit.ts';

/**
 * Connects to the Batch API of the Gemini API (ai.google.dev), by REST: Google's SDK would add
 * 740 KB to a bundle, minified, and this adds 25.
 */
export async function connectGemini(entry: ProviderEntry<GeminiSettings>): Promise<Provider> {
  const { settings, limits, baseUrl } = entry;
  const apiKey = credentialOf(entry.entry, await entry.secret());
  const client = connectClient({ apiKey, baseUrl });
  return {
    ...(await describeGemini(settings)),
    limits,
    submit: (submission) => submit(client, submission, entry),
    check: (jobId) => check(client, jobId),
    cancel: (jobId) => cancel(client, jobId),
    listJobs: (since, position) => listJobs(client, since, position),
    readRows: (outcome, job) => readRows(client, outcome, job),
    deleteFiles: (jobId) => deleteFiles(client, jobId),
    deleteLeftovers: (keys, since) => deleteLeftovers(client, keys, since),
  };
}
