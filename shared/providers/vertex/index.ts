import { connectRest } from '../google/rest.ts';
import type { Connection } from '../kinds.ts';
import type { JobContext, Provider } from '../provider.ts';
import { referenceOf } from '../translation/reference.ts';
import { cancel } from './cancel.ts';
import { check } from './check.ts';
import { classify } from './classify.ts';
import { connectTokens } from './credential.ts';
import { deleteFiles, deleteLeftovers } from './deleteFiles.ts';
import { describeVertex } from './description.ts';
import { listJobs } from './listJobs.ts';
import { type Route, routeOf } from './route.ts';
import { readRows } from './rows.ts';
import { connectServices } from './services.ts';
import { submit } from './submit.ts';
import { bearing } from './tokens.ts';

/**
 * Batch prediction jobs of Vertex AI, on Cloud Storage or BigQuery. Spoken to by REST: Google's
 * SDK has no labels on jobs, by which a job is found again, and nothing for the two stores.
 */
export async function connectVertex(connection: Connection<'vertex-ai'>): Promise<Provider> {
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
    ...describeVertex(settings),
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
