import { mkdirSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import { commonOptions, parseOptions as parse, startJobServer } from '../engine/jobServer.ts';
import { Journal, journalDirectory } from '../engine/journal.ts';
import type { Simulator } from '../engine/server.ts';
import { jobRoutes } from './api.ts';
import { Tables, tableRoutes } from './bigquery.ts';
import { ApiError, renderError, unknownPath } from './errors.ts';
import { Objects, objectRoutes } from './gcs.ts';
import { VertexJobs } from './jobs.ts';
import { Loads } from './loads.ts';
import { tokenRoutes } from './tokens.ts';
import { Uploads, uploadRoutes } from './uploads.ts';

const vertexOptionsSchema = z.strictObject({
  ...commonOptions,
  /** Jobs of the project that have not ended. Default: no limit. */
  jobLimit: z.number().int().nonnegative().optional(),
  /** Where that limit is told: in the failed job, or by the create call. */
  jobLimitRefusal: z.enum(['job', 'create']).default('create'),
  /** E-mails of the service accounts that are known. Default: any. */
  serviceAccounts: z.array(z.string()).min(1).optional(),
});
/** The options of the Vertex AI simulator: all of them JSON, so that they reach a child process. */
export type VertexOptions = z.output<typeof vertexOptionsSchema>;
export type VertexOptionsInput = z.input<typeof vertexOptionsSchema>;

/** @throws Error naming each wrong option and what was expected */
function parseOptions(options: unknown): VertexOptions {
  return parse('Vertex AI', vertexOptionsSchema, options);
}

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

const LIFE_SECONDS = 3_600;
const TOKEN = /^Bearer ya29\.simulator-(\d+)$/;
/** Where tokens come from; the last one checks its own. */
const OPEN_PATH = /^\/(token|v1\/token)$/;

/** A token tells its own end, so that it is known after a restart. */
export function newToken(now: number): { access_token: string; expires_in: number } {
  const endsAt = now + LIFE_SECONDS * 1000;
  return { access_token: `ya29.simulator-${endsAt}`, expires_in: LIFE_SECONDS };
}

/** Checks the access token of a call. */
function authorizer(now: () => number) {
  return ({ url = '', headers }: IncomingMessage): void => {
    if (OPEN_PATH.test(url)) return;
    const endsAt = TOKEN.exec(headers.authorization ?? '')?.[1];
    if (endsAt !== undefined && Number(endsAt) > now()) return;
    const message =
      'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.';
    throw new ApiError(401, message);
  };
}
