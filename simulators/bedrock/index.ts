import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import * as z from 'zod';
import { commonOptions, parseOptions as parse, startJobServer } from '../engine/jobServer.ts';
import { Journal, journalDirectory } from '../engine/journal.ts';
import type { Simulator } from '../engine/server.ts';
import { authorizer, jobRoutes } from './api.ts';
import { renderError, unknownPath } from './errors.ts';
import { connectBuckets } from './files.ts';
import { arnOf, BedrockJobs } from './jobs.ts';
import { tellEventBridge } from './stateEvents.ts';

/** What becomes of the event of a job that has ended. */
const eventWordSchema = z.enum(['sent', 'lost', 'duplicate']);
export type EventWord = z.output<typeof eventWordSchema>;

const bedrockOptionsSchema = z.strictObject({
  ...commonOptions,
  /** The S3 endpoint whose buckets the jobs read and write. */
  s3Url: z.url(),
  /** Jobs of the account that have not ended. Default: no limit. */
  jobLimit: z.number().int().nonnegative().optional(),
  /** Where that limit is told: in the failed job, or by the create call. */
  jobLimitRefusal: z.enum(['job', 'create']).default('create'),
  /** AWS access key ids that are known. Default: any. */
  accessKeyIds: z.array(z.string()).min(1).optional(),
  /** The EventBridge endpoint that is told of the ends of jobs. Default: nobody is. */
  eventsUrl: z.url().optional(),
  /** For each job that ends, in order, the last repeating. */
  eventPlan: z.array(eventWordSchema).min(1).default(['sent']),
});
/** The options of the Bedrock simulator: all of them JSON, so that they reach a child process. */
export type BedrockOptions = z.output<typeof bedrockOptionsSchema>;
export type BedrockOptionsInput = z.input<typeof bedrockOptionsSchema>;

/** @throws Error naming each wrong option and what was expected */
function parseOptions(options: unknown): BedrockOptions {
  return parse('Bedrock', bedrockOptionsSchema, options);
}

/**
 * Starts a simulator of Amazon Bedrock's batch inference jobs on the loopback. They read and write
 * the buckets of an S3 emulator.
 *
 * @param options see `BedrockOptionsInput`; `dataDir` and `s3Url` have no default
 * @param now milliseconds since 1970: what all simulated progress depends on
 * @throws Error for wrong options, PlanError for a wrong word, EADDRINUSE for a taken port
 */
export async function startBedrockSimulator(
  options: BedrockOptionsInput,
  now: () => number = Date.now,
): Promise<Simulator> {
  const parsed = parseOptions(options);
  const { dataDir, port, latencyMs, accessKeyIds, s3Url } = parsed;
  mkdirSync(dataDir, { recursive: true });
  const journal = new Journal(journalDirectory(dataDir), now);
  const buckets = connectBuckets(s3Url);
  const jobs = new BedrockJobs(parsed, buckets, journal, now);
  const { eventsUrl, eventPlan } = parsed;
  const telling = eventsUrl && tellEventBridge(jobs.jobs, { eventsUrl, eventPlan });
  const simulator = await startJobServer({
    dataDir,
    port,
    latencyMs,
    jobs: jobs.jobs,
    nameOf: arnOf,
    routes: jobRoutes(jobs),
    authorize: authorizer(accessKeyIds),
    notFound: unknownPath,
    renderError,
    headers: () => ({ 'x-amzn-requestid': randomUUID() }),
  });
  return {
    ...simulator,
    async close() {
      if (telling) await telling.close();
      await simulator.close();
      buckets.close();
    },
  };
}
