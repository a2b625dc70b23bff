import { mkdirSync } from 'node:fs';
import * as z from 'zod';
import { commonOptions, parseOptions as parse, startJobServer } from '../engine/jobServer.ts';
import { Journal, journalDirectory } from '../engine/journal.ts';
import type { Simulator } from '../engine/server.ts';
import { authorizer, batchRoutes } from './api.ts';
import { newRequestId, renderError, unknownPath } from './errors.ts';
import { Batches } from './jobs.ts';

/** The options of the Anthropic simulator: all of them JSON, so that they reach a child process. */
const anthropicOptionsSchema = z.strictObject({
  ...commonOptions,
  /** Requests in all batches that have not ended. Default: no limit. */
  queuedRequestLimit: z.number().int().positive().optional(),
  /** Default: any key that starts with `sk-ant-`. */
  apiKeys: z.array(z.string()).min(1).optional(),
});
export type AnthropicOptions = z.output<typeof anthropicOptionsSchema>;
export type AnthropicOptionsInput = z.input<typeof anthropicOptionsSchema>;

/** @throws Error naming each wrong option and what was expected */
function parseOptions(options: unknown): AnthropicOptions {
  return parse('Anthropic', anthropicOptionsSchema, options);
}

/**
 * Starts a simulator of Anthropic's Message Batches API on the loopback.
 *
 * @param options see `AnthropicOptionsInput`; only `dataDir` has no default
 * @param now milliseconds since 1970: what all simulated progress depends on
 * @throws Error for wrong options, PlanError for a wrong word, EADDRINUSE for a taken port
 */
export async function startAnthropicSimulator(
  options: AnthropicOptionsInput,
  now: () => number = Date.now,
): Promise<Simulator> {
  const parsed = parseOptions(options);
  const { dataDir, port, latencyMs, apiKeys } = parsed;
  mkdirSync(dataDir, { recursive: true });
  const batches = new Batches(parsed, new Journal(journalDirectory(dataDir), now), now);
  return startJobServer({
    dataDir,
    port,
    latencyMs,
    jobs: batches.jobs,
    routes: batchRoutes(batches),
    authorize: authorizer(apiKeys),
    notFound: unknownPath,
    renderError,
    headers: () => ({ 'request-id': newRequestId() }),
  });
}
