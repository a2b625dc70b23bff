import { mkdirSync } from 'node:fs';
import { startJobServer } from '../jobs/jobServer.ts';
import { Journal } from '../journal.ts';
import { journalDirectory } from '../journalReader.ts';
import type { Simulator } from '../simulator.ts';
import { authorizer } from './authorize.ts';
import { Batches } from './batches.ts';
import { batchRoutes } from './batchRoutes.ts';
import { newRequestId, renderError, unknownPath } from './errors.ts';
import { type AnthropicOptionsInput, parseOptions } from './options.ts';

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
