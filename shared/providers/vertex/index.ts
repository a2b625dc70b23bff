import { connectRest, type Rest } from '../google/rest.ts';
import type { JobContext, Provider, ProviderEntry } from '../provider.ts';
import { referenceOf } from '../translation/rows.ts';
import { classify, hostsOf } from './api.ts';
import { bigQueryStore, connectTables } from './bigquery.ts';
import { bearing, connectTokens } from './credential.ts';
import { describeVertex, type VertexSettings } from './description.ts';
import { connectObjects, gcsStore } from './gcs.ts';
import {
  cancel,
  check,
  connectJobs,
  deleteFiles,
  deleteLeftovers,
  type Jobs,
  listJobs,
} from './jobs.ts';
import { connectOutputs, type Outputs } from './outputs.ts';
import { type Route, routeOf } from './requests.ts';
import { readRows } from './rows.ts';
import type { Store } from './store.ts';
import { submit } from './submit.ts';

/**
 * Batch prediction jobs of Vertex AI, on Cloud Storage or BigQuery. Spoken to by REST: Google's
 * SDK has no labels on jobs, by which a job is found again, and nothing for the two stores.
 */
export async function connectVertex(connection: ProviderEntry<VertexSettings>): Promise<Provider> {
  const { settings, limits, baseUrl } = connection;
  const rest = connectRest(bearing(await connectTokens(connection)));
  const { jobs, store, outputs } = connectServices(rest, settings, baseUrl);

  function routeFor(job: JobContext): Route {
    try {
      return routeOf(settings, job);
    } catch (error) {
      // The settings have changed since the inspection.
      throw classify(error, 'read');
    }
  }

  return {
    ...(await describeVertex(settings)),
    limits,
    referenceOf,
    submit: async (submission) => submit(jobs, store, routeFor(submission), submission),
    check: (jobId) => check(jobs, outputs, jobId),
    cancel: (jobId) => cancel(jobs, jobId),
    listJobs: (since) => listJobs(jobs, since),
    readRows: (outcome, job) => readRows(outputs, outcome, routeFor(job)),
    deleteFiles: (jobId) => deleteFiles(jobs, outputs, jobId),
    deleteLeftovers: (keys, since) => deleteLeftovers(store, keys, since),
  };
}

export interface Services {
  readonly jobs: Jobs;
  /** Of the settings: where new jobs read and write. */
  readonly store: Store;
  readonly outputs: Outputs;
}

/** The services that an entry's jobs need. */
export function connectServices(
  rest: Rest,
  { project, location, store }: VertexSettings,
  baseUrl: string | undefined,
): Services {
  const hosts = hostsOf(location, baseUrl);
  const objects = connectObjects(rest, hosts.storage);
  const tables = connectTables(rest, hosts.bigquery);
  return {
    jobs: connectJobs(rest, hosts.aiplatform, { project, location }),
    store:
      store.type === 'gcs'
        ? gcsStore(rest, hosts.storage, objects, store.bucket)
        : bigQueryStore(rest, hosts.bigquery, tables, { project, ...store }),
    outputs: connectOutputs(objects, tables),
  };
}
