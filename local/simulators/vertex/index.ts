import { mkdirSync } from 'node:fs';
import { startJobServer } from '../jobs/jobServer.ts';
import { Journal } from '../journal.ts';
import { journalDirectory } from '../journalReader.ts';
import type { Simulator } from '../simulator.ts';
import { authorizer } from './authorize.ts';
import { renderError, unknownPath } from './errors.ts';
import { jobRoutes } from './jobRoutes.ts';
import { Loads } from './loads.ts';
import { objectRoutes } from './objectRoutes.ts';
import { Objects } from './objects.ts';
import { parseOptions, type VertexOptionsInput } from './options.ts';
import { tableRoutes } from './tableRoutes.ts';
import { Tables } from './tables.ts';
import { tokenRoutes } from './tokenRoutes.ts';
import { uploadRoutes } from './uploadRoutes.ts';
import { Uploads } from './uploads.ts';
import { VertexJobs } from './vertexJobs.ts';

/**
 * Starts a simulator of Google's APIs that batch prediction needs, all on one port: the jobs of
 * Vertex AI, Cloud Storage, BigQuery and access tokens.
 *
 * @param options see `VertexOptionsInput`; only `dataDir` has no default
 * @param now milliseconds since 1970: what all simulated progress depends on
 * @throws Error for wrong options, PlanError for a wrong word, EADDRINUSE for a taken port
 */
export async function startVertexSimulator(
  options: VertexOptionsInput,
  now: () => number = Date.now,
): Promise<Simulator> {
  const parsed = parseOptions(options);
  const { dataDir, port, latencyMs, serviceAccounts } = parsed;
  mkdirSync(dataDir, { recursive: true });
  const journal = new Journal(journalDirectory(dataDir), now);
  const objects = new Objects(dataDir, now);
  const tables = new Tables(dataDir, now);
  const loads = new Loads(dataDir, tables, journal);
  const jobs = new VertexJobs(parsed, { objects, tables }, journal, now);
  return startJobServer({
    dataDir,
    port,
    latencyMs,
    jobs: jobs.jobs,
    nameOf: (id) => jobs.nameOf(id),
    routes: [
      ...tokenRoutes(serviceAccounts, now),
      ...uploadRoutes(new Uploads(dataDir), { objects, loads, journal }),
      ...objectRoutes(objects, journal),
      ...tableRoutes(tables, loads, journal),
      ...jobRoutes(jobs),
    ],
    authorize: authorizer(now),
    notFound: unknownPath,
    renderError,
    headers: () => ({}),
  });
}
