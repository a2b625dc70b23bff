import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { startJobServer } from '../jobs/jobServer.ts';
import { Journal } from '../journal.ts';
import { journalDirectory } from '../journalReader.ts';
import type { Simulator } from '../simulator.ts';
import { authorizer } from './authorize.ts';
import { BedrockJobs } from './bedrockJobs.ts';
import { connectBuckets } from './bucket.ts';
import { renderError, unknownPath } from './errors.ts';
import { arnOf } from './jobObject.ts';
import { type BedrockOptionsInput, parseOptions } from './options.ts';
import { jobRoutes } from './routes.ts';
import { tellEventBridge } from './stateEvents.ts';

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
