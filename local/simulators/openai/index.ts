import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { faultRoute } from '../faultRoute.ts';
import { FaultList } from '../faults.ts';
import { Journal } from '../journal.ts';
import { journalDirectory, readJournal } from '../journalReader.ts';
import { startServer } from '../server.ts';
import type { Simulator } from '../simulator.ts';
import { Batches } from './batches.ts';
import { batchRoutes } from './batchRoutes.ts';
import { unknownPath } from './errors.ts';
import { fileRoutes } from './fileRoutes.ts';
import { Files } from './files.ts';
import { OPENAI } from './manner.ts';
import { type OpenAiOptionsInput, parseOptions } from './options.ts';
import { Webhooks } from './webhooks.ts';

export type { Simulator };

/**
 * Starts a simulator of OpenAI's Files and Batch APIs on the loopback.
 *
 * @param options see `OpenAiOptionsInput`; only `dataDir` has no default
 * @param now milliseconds since 1970: what all simulated progress depends on
 * @param manner of another service that speaks the same
 * @throws Error for wrong options, PlanError for a wrong word, EADDRINUSE for a taken port
 */
export async function startOpenAiSimulator(
  options: OpenAiOptionsInput,
  now: () => number = Date.now,
  manner = OPENAI,
): Promise<Simulator> {
  const parsed = parseOptions(options, manner.name);
  const { dataDir, port, latencyMs, apiKeys } = parsed;
  mkdirSync(dataDir, { recursive: true });
  const faults = new FaultList();
  const journal = new Journal(journalDirectory(dataDir), now);
  const files = new Files(dataDir, now);
  const batches = new Batches({ options: parsed, manner, files, journal, now });
  const webhooks = parsed.webhooks.length > 0 ? new Webhooks(batches) : undefined;
  const server = await startServer({
    port,
    latencyMs,
    faults,
    routes: [faultRoute(faults), ...fileRoutes(files, journal, manner), ...batchRoutes(batches)],
    authorize: manner.authorizer(apiKeys),
    notFound: unknownPath,
    renderError: manner.renderError,
    headers: () => ({ 'x-request-id': `req_${randomBytes(16).toString('hex')}` }),
  });
  return {
    url: `http://127.0.0.1:${server.port}${manner.basePath}`,
    port: server.port,
    inject: (injection) => faults.inject(injection),
    async journal() {
      await batches.settled();
      return readJournal(dataDir);
    },
    async close() {
      await webhooks?.close();
      await server.close();
      await batches.close();
    },
  };
}
