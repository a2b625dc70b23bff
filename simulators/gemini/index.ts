import { mkdirSync } from 'node:fs';
import * as z from 'zod';
import { commonOptions, parseOptions as parse, startJobServer } from '../engine/jobServer.ts';
import { Journal, journalDirectory } from '../engine/journal.ts';
import type { Simulator } from '../engine/server.ts';
import { authorizer, batchRoutes } from './api.ts';
import { renderError, unknownPath } from './errors.ts';
import { Files, fileRoutes } from './files.ts';
import { Batches } from './jobs.ts';
import { Uploads } from './uploads.ts';

/** The options of the Gemini simulator: all of them JSON, so that they reach a child process. */
const geminiOptionsSchema = z.strictObject({
  ...commonOptions,
  /** Estimated prompt tokens, per model, in all jobs that have not ended. Default: no limit. */
  enqueuedTokenLimit: z.number().int().positive().optional(),
  /** Where that limit is told: by the create call, or in the failed job. */
  enqueuedTokenRefusal: z.enum(['create', 'job']).default('create'),
  /** Default: any key. */
  apiKeys: z.array(z.string()).min(1).optional(),
});
export type GeminiOptions = z.output<typeof geminiOptionsSchema>;
export type GeminiOptionsInput = z.input<typeof geminiOptionsSchema>;

/** @throws Error naming each wrong option and what was expected */
function parseOptions(options: unknown): GeminiOptions {
  return parse('Gemini', geminiOptionsSchema, options);
}

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
