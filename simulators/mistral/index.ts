import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import {
  commonOptions,
  parseOptions,
  type Simulator,
  startJobServer,
} from '../engine/jobServer.ts';
import { Journal, journalDirectory } from '../engine/journal.ts';
import { Files } from '../openai/files.ts';
import { fileRoutes, jobRoutes } from './api.ts';
import { refused, renderError, UNAUTHORIZED } from './errors.ts';
import { MistralJobs } from './jobs.ts';

const mistralOptionsSchema = z.strictObject({
  ...commonOptions,
  /** Requests that all unfinished jobs may have together: docs.mistral.ai/capabilities/batch. */
  pendingRequestLimit: z.number().int().positive().default(1_000_000),
  /** Where a job over that limit is refused. Mistral documents neither. */
  pendingRequestRefusal: z.enum(['create', 'job']).default('create'),
  /** Default: any key. */
  apiKeys: z.array(z.string()).min(1).optional(),
});
export type MistralOptionsInput = z.input<typeof mistralOptionsSchema>;

/**
 * Starts a simulator of Mistral's Files and Batch APIs on the loopback.
 *
 * @param options see `MistralOptionsInput`. Only `dataDir` has no default
 * @param now milliseconds since 1970, on which all simulated progress depends
 * @throws Error for wrong options, PlanError for an unknown outcome, EADDRINUSE for a taken port
 */
export async function startMistralSimulator(
  options: MistralOptionsInput,
  now: () => number = Date.now,
): Promise<Simulator> {
  const parsed = parseOptions('Mistral', mistralOptionsSchema, options);
  const { dataDir, port, latencyMs, apiKeys } = parsed;
  const journal = new Journal(journalDirectory(dataDir), now);
  const files = new Files(dataDir, now);
  const jobs = new MistralJobs({ ...parsed, files, journal, now });
  return startJobServer({
    dataDir,
    port,
    latencyMs,
    jobs: jobs.jobs,
    basePath: '/v1',
    routes: [...fileRoutes(files, journal), ...jobRoutes(jobs)],
    authorize({ headers }) {
      const key = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
      if (key === undefined || (apiKeys && !apiKeys.includes(key))) throw UNAUTHORIZED;
    },
    notFound: (method, path) => refused(404, `no Route matched with ${method} ${path}`),
    renderError,
    headers: () => ({ 'mistral-correlation-id': randomUUID() }),
  });
}
