import type OpenAI from 'openai';
import { credentialOf } from '../http.ts';
import type { Description, Provider, ProviderEntry } from '../provider.ts';
import { type Dialect, readClient, renaming, writeClient } from './api.ts';
import { type OpenAiSettings, openAiDescription } from './description.ts';
import { cancel, check, deleteFiles, deleteLeftovers, listJobs, listStates } from './jobs.ts';
import { readRows } from './rows.ts';
import { submit } from './submit.ts';

/** Connects to OpenAI's Batch API. */
export async function connectOpenAi(entry: ProviderEntry<OpenAiSettings>): Promise<Provider> {
  const { settings, baseUrl, limits } = entry;
  const connection = { apiKey: credentialOf(entry.entry, await entry.secret()), baseUrl };
  const clients = { reads: readClient(connection), writes: writeClient(connection) };
  const dialect: Dialect = {
    lineChange: (job) => renaming(settings, job),
    jobEndpoint: (endpoint) => endpoint,
    fileExpiry: 'always',
    keepsMetadata: true,
    // https://developers.openai.com/api/reference/resources/batches/methods/list
    listsAfterJob: true,
  };
  return batchProvider(clients, openAiDescription, dialect, limits);
}

/** Clients of a service that speaks OpenAI's Batch API. */
export interface Clients {
  /** For calls that only read, which may be repeated. */
  readonly reads: OpenAI;
  /** For upload and create: nothing is sent twice unless the call says so. */
  readonly writes: OpenAI;
}

/** The provider of a service that speaks OpenAI's Batch API in this dialect. */
export function batchProvider(
  { reads, writes }: Clients,
  description: Description,
  dialect: Dialect,
  limits: Provider['limits'],
): Provider {
  return {
    ...description,
    limits,
    submit: (submission) => submit(writes, submission, dialect),
    check: (jobId) => check(reads, jobId),
    cancel: (jobId) => cancel(reads, jobId),
    listJobs: (since, position) => listJobs(reads, dialect, since, position),
    listStates: () => listStates(reads),
    ...(dialect.listsAfterJob && { listStatesAfter: (jobId) => listStates(reads, jobId) }),
    readRows: (outcome) => readRows(reads, outcome),
    deleteFiles: (jobId) => deleteFiles(reads, jobId),
    deleteLeftovers: (keys, since) => deleteLeftovers(reads, keys, since),
  };
}
