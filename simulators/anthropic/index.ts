import * as z from 'zod';
import {
  commonOptions,
  parseOptions,
  type Simulator,
  startJobServer,
} from '../engine/jobServer.ts';
import { Journal, journalDirectory } from '../engine/journal.ts';
import { authorizer, batchRoutes } from './api.ts';
import { newRequestId, renderError, unknownPath } from './errors.ts';
import { AnthropicBatches } from './jobs.ts';

/** The options of the Anthropic simulator. All are JSON, so that a child process can get them. */
const anthropicOptionsSchema = z.strictObject({
  ...commonOptions,
  /** Requests of all unfinished batches. Default: no limit. */
  queuedRequestLimit: z.number().int().positive().optional(),
  /** Default: any key that starts with `sk-ant-`. */
  apiKeys: z.array(z.string()).min(1).optional(),
  /** Plays Claude Platform on AWS: calls must be signed with this key. Default: Anthropic's API. */
  aws: z
    .strictObject({
      region: z.string(),
      workspaceId: z.string(),
      accessKeyId: z.string(),
      secretAccessKey: z.string(),
    })
    .optional(),
});
export type AnthropicOptionsInput = z.input<typeof anthropicOptionsSchema>;

/**
 * Starts a simulator of Anthropic's Message Batches API on the loopback.
 *
 * @param options see `AnthropicOptionsInput`. Only `dataDir` has no default
 * @param now milliseconds since 1970, on which all simulated progress depends
 * @throws Error for wrong options, PlanError for an unknown outcome, EADDRINUSE for a taken port
 */
export async function startAnthropicSimulator(
  options: AnthropicOptionsInput,
  now: () => number = Date.now,
): Promise<Simulator> {
  const parsed = parseOptions('Anthropic', anthropicOptionsSchema, options);
  const { dataDir, port, latencyMs, apiKeys, aws } = parsed;
  const journal = new Journal(journalDirectory(dataDir), now);
  const batches = new AnthropicBatches({ ...parsed, journal, now });
  return startJobServer({
    dataDir,
    port,
    latencyMs,
    jobs: batches.jobs,
    routes: batchRoutes(batches),
    authorize: authorizer(apiKeys, aws),
    notFound: unknownPath,
    renderError,
    headers: () => ({ 'request-id': newRequestId() }),
  });
}
