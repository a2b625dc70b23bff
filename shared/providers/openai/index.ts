import type OpenAI from 'openai';
import { credentialOf } from '../http.ts';
import type { ProviderEntry as Entry } from '../kinds.ts';
import type { Description, Provider } from '../provider.ts';
import { type ApiConnection, readClient, writeClient } from './api.ts';
import { openAiDescription } from './description.ts';
import { type Dialect, dropping, inOrder, renaming } from './dialect.ts';
import { deleteFiles, deleteLeftovers, readRows } from './files.ts';
import { cancel, check, listJobs, listStates } from './jobs.ts';
import { submit } from './submit.ts';

/** OpenAI's Batch API. */
export async function connectOpenAi(entry: Entry<'openai'>): Promise<Provider> {
  const apiKey = credentialOf(entry.entry, await entry.secret());
  return openAiProvider({ apiKey, baseUrl: entry.baseUrl }, entry);
}

/** A service that speaks like OpenAI's, at a base URL that ends in its version. */
export async function connectCompatible(entry: Entry<'openai-compatible'>): Promise<Provider> {
  const { settings, baseUrl, limits } = entry;
  const connection = { apiKey: credentialOf(entry.entry, await entry.secret()), baseUrl };
  const dialect: Dialect = {
    // Nobody knows what the service has of OpenAI's fields, but who made the entry.
    lineChange: (job) => inOrder([dropping(settings.dropFields), renaming(settings, job)]),
    jobEndpoint: (endpoint) => endpoint,
    isTolerant: true,
  };
  return batchProvider(clientsOf(connection), openAiDescription, dialect, limits);
}

/** OpenAI's Batch API, or a simulator of it, at `baseUrl` (which ends in `/v1`). */
export function openAiProvider(
  connection: ApiConnection,
  { limits, settings }: Pick<Entry, 'limits'> & Partial<Pick<Entry<'openai'>, 'settings'>>,
): Provider {
  const models = settings?.models ?? {};
  const dialect: Dialect = {
    lineChange: (job) => renaming({ models }, job),
    jobEndpoint: (endpoint) => endpoint,
    isTolerant: false,
  };
  return batchProvider(clientsOf(connection), openAiDescription, dialect, limits);
}

function clientsOf(connection: ApiConnection) {
  return { reads: readClient(connection), writes: writeClient(connection) };
}

/** How a service that speaks OpenAI's Batch API is reached. */
export interface Clients {
  /** For calls that only read: they may be repeated. */
  readonly reads: OpenAI;
  /** For upload and create: nothing is sent twice unless the call says so. */
  readonly writes: OpenAI;
}

/** A provider made of what differs between such services. */
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
    listJobs: (since) => listJobs(reads, since, dialect),
    listStates: () => listStates(reads),
    readRows: (outcome) => readRows(reads, outcome),
    deleteFiles: (jobId) => deleteFiles(reads, jobId),
    deleteLeftovers: (keys, since) => deleteLeftovers(reads, keys, since),
  };
}
