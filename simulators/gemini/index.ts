import * as z from 'zod';
import {
  commonOptions,
  parseOptions,
  type Simulator,
  startJobServer,
} from '../engine/jobServer.ts';
import { Journal, journalDirectory } from '../engine/journal.ts';
import { webhookPlanOption } from '../engine/webhooks.ts';
import { authorizer, batchRoutes, fileRoutes } from './api.ts';
import { renderError, unknownPath } from './errors.ts';
import { Files, Uploads } from './files.ts';
import { GeminiBatches } from './jobs.ts';
import { sendWebhooks } from './webhooks.ts';

/** The options of the Gemini simulator. All of them are JSON, so that a child process can get them. */
const geminiOptionsSchema = z.strictObject({
  ...commonOptions,
  ...webhookPlanOption,
  /** Estimated prompt tokens of all unfinished jobs of a model. Default: no limit. */
  enqueuedTokenLimit: z.number().int().positive().optional(),
  /** Where a job over that limit is refused: the create call fails, or the job does. */
  enqueuedTokenRefusal: z.enum(['create', 'job']).default('create'),
  /** Default: any key. */
  apiKeys: z.array(z.string()).min(1).optional(),
});
export type GeminiOptionsInput = z.input<typeof geminiOptionsSchema>;

/**
 * Starts a simulator of the Gemini API's files and batches on the loopback.
 *
 * @param options see `GeminiOptionsInput`. Only `dataDir` has no default
 * @param now milliseconds since 1970, on which all simulated progress depends
 * @throws Error for wrong options, PlanError for an unknown outcome, EADDRINUSE for a taken port
 */
export async function startGeminiSimulator(
  options: GeminiOptionsInput,
  now: () => number = Date.now,
): Promise<Simulator> {
  const parsed = parseOptions('Gemini', geminiOptionsSchema, options);
  const { dataDir, port, latencyMs, apiKeys } = parsed;
  const journal = new Journal(journalDirectory(dataDir), now);
  const files = new Files(dataDir, now);
  const batches = new GeminiBatches({ ...parsed, files, journal, now });
  return startJobServer({
    dataDir,
    port,
    latencyMs,
    jobs: batches.jobs,
    nameOf: (id) => `batches/${id}`,
    notifications: sendWebhooks(batches.jobs, { ...parsed, journal, now }),
    routes: [
      ...fileRoutes({ files, uploads: new Uploads(dataDir), journal }),
      ...batchRoutes(batches),
    ],
    authorize: authorizer(apiKeys),
    notFound: unknownPath,
    renderError,
    headers: () => ({}),
  });
}
