import { mkdirSync } from 'node:fs';
import { startJobServer } from '../jobs/jobServer.ts';
import { Journal } from '../journal.ts';
import { journalDirectory } from '../journalReader.ts';
import type { Simulator } from '../simulator.ts';
import { authorizer } from './authorize.ts';
import { Batches } from './batches.ts';
import { batchRoutes } from './batchRoutes.ts';
import { renderError, unknownPath } from './errors.ts';
import { fileRoutes } from './fileRoutes.ts';
import { Files } from './files.ts';
import { type GeminiOptionsInput, parseOptions } from './options.ts';
import { Uploads } from './uploads.ts';

/**
 * Starts a simulator of the Gemini API's files and batches on the loopback.
 *
 * @param options see `GeminiOptionsInput`; only `dataDir` has no default
 * @param now milliseconds since 1970: what all simulated progress depends on
 * @throws Error for wrong options, PlanError for a wrong word, EADDRINUSE for a taken port
 */
export async function startGeminiSimulator(
  options: GeminiOptionsInput,
  now: () => number = Date.now,
): Promise<Simulator> {
  const parsed = parseOptions(options);
  const { dataDir, port, latencyMs, apiKeys } = parsed;
  mkdirSync(dataDir, { recursive: true });
  const journal = new Journal(journalDirectory(dataDir), now);
  const files = new Files(dataDir, now);
  const batches = new Batches(parsed, files, journal, now);
  return startJobServer({
    dataDir,
    port,
    latencyMs,
    jobs: batches.jobs,
    nameOf: (id) => `batches/${id}`,
    routes: [...fileRoutes(files, new Uploads(dataDir), journal), ...batchRoutes(batches)],
    authorize: authorizer(apiKeys),
    notFound: unknownPath,
    renderError,
    headers: () => ({}),
  });
}
