import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import {
  commonOptions,
  parseOptions,
  type Simulator,
  startJobServer,
} from '../engine/jobServer.ts';
import { Journal, journalDirectory } from '../engine/journal.ts';
import { authorizer, batchRoutes } from './api.ts';
import { ENDPOINTS } from './bodies.ts';
import { CREATE_FIELDS, type Dialect, UPLOAD_FIELDS } from './dialect.ts';
import { renderError, unknownPath } from './errors.ts';
import { fileRoutes } from './fileApi.ts';
import { Files } from './files.ts';
import { OpenAiBatches } from './jobs.ts';
import { sendWebhooks, webhookOptions } from './webhooks.ts';

/** The options of the OpenAI simulator. All of them are JSON, so that a child process can get them. */
const openAiOptionsSchema = z.strictObject({
  ...commonOptions,
  ...webhookOptions,
  /** Estimated prompt tokens of all unfinished jobs of a model. Default: no limit. */
  enqueuedTokenLimit: z.number().int().positive().optional(),
  /** Where a job over that limit is refused: the job fails, or the create call gets this status. */
  enqueuedTokenRefusal: z.union([z.literal('job'), z.literal(400), z.literal(429)]).default('job'),
  /** Default: any key that starts with `sk-`. */
  apiKeys: z.array(z.string()).min(1).optional(),
});
export type OpenAiOptionsInput = z.input<typeof openAiOptionsSchema>;

export const OPENAI: Dialect = {
  name: 'OpenAI',
  basePath: '/v1',
  authorizer,
  renderError,
  // developers.openai.com, Batch, "up to 50,000 requests"
  maxRequests: 50_000,
  minLifeSeconds: 3600,
  jobEndpoints: ENDPOINTS,
  endpointOf: (url) => url,
  endpointFromLines: false,
  checkBody: () => undefined,
  codes: { url: 'invalid_url', model: 'mismatched_model' },
  keepsEmptyErrors: false,
  windows: ['24h'],
  createFields: () => CREATE_FIELDS,
  uploadFields: () => UPLOAD_FIELDS,
  processingMs: 0,
  cursor: 'after',
  showBatch: (batch) => batch,
  showList: (list) => list,
};

/**
 * Starts a simulator of OpenAI's Files and Batch APIs on the loopback.
 *
 * @param options see `OpenAiOptionsInput`. Only `dataDir` has no default
 * @param now milliseconds since 1970, on which all simulated progress depends
 * @param dialect that of another service with the same API
 * @throws Error for wrong options, PlanError for an unknown outcome, EADDRINUSE for a taken port
 */
export async function startOpenAiSimulator(
  options: OpenAiOptionsInput,
  now: () => number = Date.now,
  dialect = OPENAI,
): Promise<Simulator> {
  const parsed = parseOptions(dialect.name, openAiOptionsSchema, options);
  const { dataDir, port, latencyMs, apiKeys } = parsed;
  const journal = new Journal(journalDirectory(dataDir), now);
  const files = new Files(dataDir, now, dialect.processingMs);
  const batches = new OpenAiBatches({ ...parsed, dialect, files, journal, now });
  const hasWebhooks = parsed.webhooks.length > 0;
  return startJobServer({
    dataDir,
    port,
    latencyMs,
    jobs: batches.jobs,
    basePath: dialect.basePath,
    notifications: hasWebhooks
      ? sendWebhooks(batches.jobs, { ...parsed, journal, now })
      : undefined,
    routes: [...fileRoutes(files, journal, dialect), ...batchRoutes(batches, dialect)],
    authorize: dialect.authorizer(apiKeys),
    notFound: unknownPath,
    renderError: dialect.renderError,
    headers: () => ({ 'x-request-id': `req_${randomBytes(16).toString('hex')}` }),
  });
}
