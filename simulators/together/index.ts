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
import { batchRoutes, fileRoutes } from './api.ts';
import { ApiError, renderError } from './errors.ts';
import { TogetherJobs } from './jobs.ts';

const togetherOptionsSchema = z.strictObject({
  ...commonOptions,
  /**
   * Estimated tokens of all unfinished jobs of a model:
   * docs.together.ai/docs/inference/batch/overview, "Up to 30B tokens enqueued per model".
   */
  enqueuedTokenLimit: z.number().int().positive().default(30_000_000_000),
  /** Where a job over that limit is refused. Together documents neither. */
  enqueuedTokenRefusal: z.enum(['create', 'job']).default('create'),
  /** Default: any key. */
  apiKeys: z.array(z.string()).min(1).optional(),
});
export type TogetherOptionsInput = z.input<typeof togetherOptionsSchema>;

/**
 * Starts a simulator of Together's Files and Batch APIs on the loopback.
 *
 * @param options see `TogetherOptionsInput`. Only `dataDir` has no default
 * @param now milliseconds since 1970, on which all simulated progress depends
 * @throws Error for wrong options, PlanError for an unknown outcome, EADDRINUSE for a taken port
 */
export async function startTogetherSimulator(
  options: TogetherOptionsInput,
  now: () => number = Date.now,
): Promise<Simulator> {
  const parsed = parseOptions('Together', togetherOptionsSchema, options);
  const { dataDir, port, latencyMs, apiKeys } = parsed;
  const journal = new Journal(journalDirectory(dataDir), now);
  const files = new Files(dataDir, now);
  const jobs = new TogetherJobs({ ...parsed, files, journal, now });
  return startJobServer({
    dataDir,
    port,
    latencyMs,
    jobs: jobs.jobs,
    basePath: '/v1',
    routes: [...fileRoutes(files, journal), ...batchRoutes(jobs)],
    authorize({ headers, url }) {
      // The URL that an upload is redirected to is signed.
      if (url?.includes('/signed/')) return;
      const key = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
      if (key === undefined || (apiKeys && !apiKeys.includes(key)))
        throw new ApiError(401, 'Invalid API key provided.', 'invalid_api_key');
    },
    notFound: (method, path) => new ApiError(404, `Not found: ${method} ${path}`),
    renderError,
    headers: () => ({ 'x-request-id': randomUUID() }),
  });
}
