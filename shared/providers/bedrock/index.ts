import type { JobContext, Provider, ProviderEntry } from '../provider.ts';
import { referenceOf } from '../translation/rows.ts';
import { type Clients, connectClients } from './api.ts';
import { type BedrockSettings, describeBedrock } from './description.ts';
import { classify } from './errors.ts';
import { deleteFolder } from './folder.ts';
import { cancel, check, getJob, listJobs } from './jobs.ts';
import { type Route, routeOf } from './requests.ts';
import { readRows } from './rows.ts';
import { submit } from './submit.ts';

/** Amazon Bedrock's batch jobs, on the handler's own bucket. */
export async function connectBedrock(
  connection: ProviderEntry<BedrockSettings>,
): Promise<Provider> {
  return bedrockProvider(connection, connectClients(connection.settings, connection.baseUrl));
}

type Entry = Pick<ProviderEntry<BedrockSettings>, 'settings' | 'limits' | 'objects' | 'jobRole'>;

export async function bedrockProvider(entry: Entry, clients: Clients): Promise<Provider> {
  const { settings, limits, objects } = entry;
  const { reads, s3 } = clients;

  function routeFor(job: JobContext): Route {
    try {
      return routeOf(settings, job);
    } catch (error) {
      // The settings have changed since the inspection.
      throw classify(error, 'read');
    }
  }

  return {
    ...(await describeBedrock(settings)),
    limits,
    referenceOf,
    submit: async (submission) => submit(clients, entry, routeFor(submission), submission),
    check: (jobId) => check(reads, objects, jobId),
    cancel: (jobId) => cancel(reads, jobId),
    listJobs: (since) => listJobs(reads, since),
    readRows: (outcome, job) => readRows(objects, outcome, routeFor(job)),
    async deleteFiles(jobId) {
      const job = await getJob(reads, jobId);
      if (job !== undefined) await deleteFolder(s3, objects.bucket, job.jobName, 0);
    },
    async deleteLeftovers(keys, since) {
      for (const key of keys) await deleteFolder(s3, objects.bucket, key, since);
    },
  };
}
