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
import { authorizer, batchRoutes, fileRoutes } from './api.ts';
import { missing, renderError } from './errors.ts';
import { XaiBatches } from './jobs.ts';

const xaiOptionsSchema = z.strictObject({
  ...commonOptions,
  /** Requests that all unfinished batches may have together. xAI documents no such limit. */
  pendingRequestLimit: z.number().int().positive().optional(),
  /** Where a batch over that limit is refused. */
  pendingRequestRefusal: z.enum(['create', 'job']).default('create'),
  /** How times are shown: REST gives a date, and gRPC a timestamp. */
  times: z.enum(['date', 'timestamp']).default('date'),
  /** Default: any key that starts with `xai-`. */
  apiKeys: z.array(z.string()).min(1).optional(),
});
export type XaiOptionsInput = z.input<typeof xaiOptionsSchema>;

/**
 * Starts a simulator of xAI's Files and Batch APIs on the loopback.
 *
 * @param options see `XaiOptionsInput`. Only `dataDir` has no default
 * @param now milliseconds since 1970, on which all simulated progress depends
 * @throws Error for wrong options, PlanError for an unknown outcome, EADDRINUSE for a taken port
 */
export async function startXaiSimulator(
  options: XaiOptionsInput,
  now: () => number = Date.now,
): Promise<Simulator> {
  const parsed = parseOptions('xAI', xaiOptionsSchema, options);
  const { dataDir, port, latencyMs, apiKeys } = parsed;
  const journal = new Journal(journalDirectory(dataDir), now);
  const files = new Files(dataDir, now);
  const batches = new XaiBatches({ ...parsed, files, journal, now });
  return startJobServer({
    dataDir,
    port,
    latencyMs,
    jobs: batches.jobs,
    basePath: '/v1',
    routes: [...fileRoutes(files, journal), ...batchRoutes(batches)],
    authorize: authorizer(apiKeys),
    notFound: (method, path) => missing(`No route for ${method} ${path}`),
    renderError,
    headers: () => ({ 'x-request-id': randomUUID() }),
  });
}
