import { referenceOf } from '../../jsonl/rows.ts';
import type { JobContext, Provider, ProviderEntry } from '../provider.ts';
import { type Clients, connectClients } from './api.ts';
import { type BedrockSettings, describeBedrock } from './description.ts';
import { classify } from './errors.ts';
import { cancel, check, deleteFiles, deleteLeftovers, listJobs } from './jobs.ts';
import { minRecordsOf } from './padding.ts';
import { type Route, routeOf } from './requests.ts';
import { readRows } from './rows.ts';
import { submit } from './submit.ts';

/** Connects to Amazon Bedrock's batch jobs, which use the handler's own bucket. */
export function connectBedrock(entry: ProviderEntry<BedrockSettings>): Promise<Provider> {
  return bedrockProvider(entry, connectClients(entry.settings, entry.baseUrl));
}

export async function bedrockProvider(
  entry: Pick<ProviderEntry<BedrockSettings>, 'settings' | 'limits' | 'objects' | 'jobRole'>,
  clients: Clients,
): Promise<Provider> {
  const { settings, limits, objects } = entry;
  const { reads } = clients;

  function routeFor(job: JobContext): Route {
    try {
      return routeOf(settings, job);
    } catch (error) {
      // The settings may have changed since the inspection.
      throw classify(error, 'read');
    }
  }

  return {
    ...(await describeBedrock(settings)),
    limits,
    referenceOf,
    submit: async (submission) => submit(clients, entry, routeFor(submission), submission),
    check: (jobId) => check(reads, objects, minRecordsOf(settings), jobId),
    cancel: (jobId) => cancel(reads, jobId),
    listJobs: (since, position) => listJobs(reads, since, position),
    readRows: (outcome, job) => readRows(objects, outcome, routeFor(job)),
    deleteFiles: (jobId) => deleteFiles(clients, objects, jobId),
    deleteLeftovers: (keys, since) => deleteLeftovers(clients, objects, keys, since),
  };
}
