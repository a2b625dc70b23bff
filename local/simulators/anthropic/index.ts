import { mkdirSync } from 'node:fs';
import { faultRoute } from '../faultRoute.ts';
import { FaultList } from '../faults.ts';
import { Journal } from '../journal.ts';
import { journalDirectory, readJournal } from '../journalReader.ts';
import { startServer } from '../server.ts';
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
  const faults = new FaultList();
  const batches = new Batches(parsed, new Journal(journalDirectory(dataDir), now), now);
  const server = await startServer({
    port,
    latencyMs,
    faults,
    routes: [faultRoute(faults), ...batchRoutes(batches)],
    authorize: authorizer(apiKeys),
    notFound: unknownPath,
    renderError,
    headers: () => ({ 'request-id': newRequestId() }),
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    port: server.port,
    inject: (injection) => faults.inject(injection),
    async journal() {
      await batches.jobs.settled();
      return readJournal(dataDir);
    },
    async close() {
      await server.close();
      await batches.jobs.close();
    },
  };
}
