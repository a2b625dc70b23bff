import * as z from 'zod';
import {
  commonOptions,
  parseOptions,
  type Simulator,
  startJobServer,
} from '../engine/jobServer.ts';
import { Journal, journalDirectory } from '../engine/journal.ts';
import { jobRoutes } from './api.ts';
import { Loads, tableRoutes } from './bigquery.ts';
import { renderError, unknownPath } from './errors.ts';
import { Objects, objectRoutes } from './gcs.ts';
import { SETUP_ERRORS, VertexJobs } from './jobs.ts';
import { Tables } from './tables.ts';
import { authorizer, tokenRoutes } from './tokens.ts';
import { Uploads, uploadRoutes } from './uploads.ts';

/** The options of the Vertex AI simulator. All are JSON, so that a child process can get them. */
const vertexOptionsSchema = z.strictObject({
  ...commonOptions,
  /** How many unfinished jobs the project may have. Default: no limit. */
  jobLimit: z.number().int().nonnegative().optional(),
  /** Where a job over that limit is refused: the job fails, or the create call does. */
  jobLimitRefusal: z.enum(['job', 'create']).default('create'),
  /** With what error every job fails. Default: none. */
  setupError: z
    .enum(
      Object.keys(SETUP_ERRORS) as [keyof typeof SETUP_ERRORS, ...(keyof typeof SETUP_ERRORS)[]],
    )
    .optional(),
  /** E-mail addresses of known service accounts. Default: any. */
  serviceAccounts: z.array(z.string()).min(1).optional(),
});
export type VertexOptionsInput = z.input<typeof vertexOptionsSchema>;

/**
 * Starts a simulator of the Google APIs that batch prediction needs, all on one port: the jobs of
 * Vertex AI, Cloud Storage, BigQuery and access tokens.
 *
 * @param options see `VertexOptionsInput`. Only `dataDir` has no default
 * @param now milliseconds since 1970, on which all simulated progress depends
 * @throws Error for wrong options, PlanError for an unknown outcome, EADDRINUSE for a taken port
 */
export async function startVertexSimulator(
  options: VertexOptionsInput,
  now: () => number = Date.now,
): Promise<Simulator> {
  const parsed = parseOptions('Vertex AI', vertexOptionsSchema, options);
  const { dataDir, port, latencyMs, serviceAccounts } = parsed;
  const journal = new Journal(journalDirectory(dataDir), now);
  const objects = new Objects(dataDir, now);
  const tables = new Tables(dataDir, now);
  const loads = new Loads(dataDir, tables, journal);
  const jobs = new VertexJobs({ ...parsed, stores: { objects, tables }, journal, now });
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
