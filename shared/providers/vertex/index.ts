import { connectRest, type Rest } from '../google/rest.ts';
import type { JobContext, Provider, ProviderEntry } from '../provider.ts';
import { hostsOf, referenceOf } from './api.ts';
import {
  bigQueryFiles,
  bigQueryRows,
  bigQueryStore,
  connectTables,
  deleteBigQueryTable,
  type Tables,
} from './bigquery.ts';
import { bearing, connectTokens } from './credential.ts';
import { describeVertex, type VertexSettings } from './description.ts';
import { classify } from './errors.ts';
import {
  connectObjects,
  deleteGcsFolder,
  gcsFiles,
  gcsLines,
  gcsStore,
  type Objects,
} from './gcs.ts';
import {
  cancel,
  check,
  connectJobs,
  deleteFiles,
  deleteLeftovers,
  type Jobs,
  listJobs,
} from './jobs.ts';
import { type Route, routeOf } from './requests.ts';
import { readRows } from './rows.ts';
import type { Outputs, Store } from './store.ts';
import { submit } from './submit.ts';

/**
 * Connects to the batch prediction jobs of Vertex AI, on Cloud Storage or BigQuery, by REST: Google's
 * SDK has no labels of jobs, by which a job is found again, and does not support the two stores.
 */
export async function connectVertex(entry: ProviderEntry<VertexSettings>): Promise<Provider> {
  const { settings, limits, baseUrl } = entry;
  const rest = connectRest(bearing(await connectTokens(entry)));
  const { jobs, store, outputs } = connectServices(rest, settings, baseUrl);

  function routeFor(job: JobContext): Route {
    try {
      return routeOf(settings, job);
    } catch (error) {
      // The settings may have changed since the inspection.
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
    listJobs: (since, position) => listJobs(jobs, since, position),
    readRows: (outcome, job) => readRows(outputs, outcome, routeFor(job)),
    deleteFiles: (jobId) => deleteFiles(jobs, outputs, jobId),
    deleteLeftovers: (keys, since) => deleteLeftovers(store, keys, since),
  };
}

interface Services {
  readonly jobs: Jobs;
  /** The store in the settings, for new jobs. */
  readonly store: Store;
  readonly outputs: Outputs;
}

/** Connects the services that an entry's jobs need. */
function connectServices(
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

function connectOutputs(objects: Objects, tables: Tables): Outputs {
  return {
    async filesOf({ outputConfig: { gcsDestination: gcs, bigqueryDestination: bigQuery } }) {
      if (gcs) return gcsFiles(objects, gcs.outputUriPrefix);
      return bigQuery ? bigQueryFiles(tables, bigQuery.outputUri) : [];
    },

    lines: (file) =>
      file.startsWith('bq://') ? bigQueryRows(tables, file) : gcsLines(objects, file),

    async delete({ inputConfig, outputConfig }, key) {
      const prefixes = [
        ...(inputConfig.gcsSource?.uris ?? []),
        outputConfig.gcsDestination?.outputUriPrefix,
      ];
      for (const uri of prefixes) if (uri) await deleteGcsFolder(objects, uri, key);
      const { bigquerySource: source } = inputConfig;
      const { bigqueryDestination: destination } = outputConfig;
      for (const uri of [source?.inputUri, destination?.outputUri])
        if (uri) await deleteBigQueryTable(tables, uri, key);
    },
  };
}
