import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import { FaultList, faultRoute } from '../engine/faults.ts';
import { commonOptions, parseOptions as parse } from '../engine/jobServer.ts';
import { Journal, journalDirectory, readJournal } from '../engine/journal.ts';
import { type Simulator, startServer } from '../engine/server.ts';
import { batchRoutes } from './api.ts';
import { OPENAI } from './dialect.ts';
import { ApiError, unknownPath } from './errors.ts';
import { Files, fileRoutes } from './files.ts';
import { Batches } from './jobs.ts';
import { Webhooks } from './webhooks.ts';

const endpointSchema = z.strictObject({
  url: z.url(),
  /** What its webhooks are signed with. */
  secret: z.string().startsWith('whsec_'),
});
export type WebhookEndpoint = z.output<typeof endpointSchema>;

/** What becomes of the webhooks of a job. `late`: signed too long ago. */
const webhookWordSchema = z.enum(['sent', 'lost', 'duplicate', 'forged', 'late']);
export type WebhookWord = z.output<typeof webhookWordSchema>;

/** The options of the OpenAI simulator: all of them JSON, so that they reach a child process. */
const openAiOptionsSchema = z.strictObject({
  ...commonOptions,
  /** Estimated prompt tokens, per model, in all jobs that have not ended. Default: no limit. */
  enqueuedTokenLimit: z.number().int().positive().optional(),
  /** Where that limit is told: in the failed job, or as the status of the create call. */
  enqueuedTokenRefusal: z.union([z.literal('job'), z.literal(400), z.literal(429)]).default('job'),
  /** Default: any key that starts with `sk-`. */
  apiKeys: z.array(z.string()).min(1).optional(),
  /** Where the ends of jobs are told. Default: nowhere. */
  webhooks: z.array(endpointSchema).default([]),
  /** For each job that ends, in order, the last repeating. */
  webhookPlan: z.array(webhookWordSchema).min(1).default(['sent']),
});
export type OpenAiOptions = z.output<typeof openAiOptionsSchema>;
export type OpenAiOptionsInput = z.input<typeof openAiOptionsSchema>;

/** @throws Error naming each wrong option and what was expected */
function parseOptions(options: unknown, name: string): OpenAiOptions {
  return parse(name, openAiOptionsSchema, options);
}

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

/** Checks the key of a call; without a list of keys, any that looks like one of the API's. */
export function authorizer(apiKeys: readonly string[] | undefined) {
  return (request: IncomingMessage): void => {
    const key = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (key === undefined)
      throw new ApiError(401, "You didn't provide an API key in an Authorization header.");
    if (apiKeys ? apiKeys.includes(key) : key.startsWith('sk-')) return;
    const shown = `${key.slice(0, 3)}***`;
    throw new ApiError(401, `Incorrect API key provided: ${shown}.`, { code: 'invalid_api_key' });
  };
}
