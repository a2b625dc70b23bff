import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { EndWatch } from '../engine/background.ts';
import {
  commonOptions,
  parseOptions,
  type Simulator,
  startJobServer,
} from '../engine/jobServer.ts';
import type { Jobs } from '../engine/jobs.ts';
import { Journal, journalDirectory } from '../engine/journal.ts';
import { outcomeAt } from '../engine/plan.ts';
import { authorizer, jobRoutes } from './api.ts';
import { renderError, unknownPath } from './errors.ts';
import { ACCOUNT_ID, connectBuckets } from './files.ts';
import { type BedrockJob, BedrockJobs, jobArn, jobObject } from './jobs.ts';

/** What becomes of the event of a job that has ended. */
const eventOutcomeSchema = z.enum(['sent', 'lost', 'duplicate']);
type EventOutcome = z.output<typeof eventOutcomeSchema>;

/** The options of the Bedrock simulator. All of them are JSON, so that a child process can get them. */
const bedrockOptionsSchema = z.strictObject({
  ...commonOptions,
  /** The S3 endpoint with the buckets that jobs read from and write to. */
  s3Url: z.url(),
  /** The fewest records of a job. */
  minRecords: z.number().int().positive().default(100),
  /** How many unfinished jobs the account may have. Default: no limit. */
  jobLimit: z.number().int().nonnegative().optional(),
  /** Where a job over that limit is refused: the job fails, or the create call does. */
  jobLimitRefusal: z.enum(['job', 'create']).default('create'),
  /** Known AWS access key ids. Default: any. */
  accessKeyIds: z.array(z.string()).min(1).optional(),
  /** The EventBridge endpoint that gets an event when a job ends. Default: none. */
  eventsUrl: z.url().optional(),
  /** The outcomes of the events of each job that ends, in order. The last one repeats. */
  eventPlan: z.array(eventOutcomeSchema).min(1).default(['sent']),
});
export type BedrockOptionsInput = z.input<typeof bedrockOptionsSchema>;

/**
 * Starts a simulator of Amazon Bedrock's batch inference jobs on the loopback. They read from and
 * write to the buckets of an S3 emulator.
 *
 * @param options see `BedrockOptionsInput`. `dataDir` and `s3Url` have no default
 * @param now milliseconds since 1970, on which all simulated progress depends
 * @throws Error for wrong options, PlanError for an unknown outcome, EADDRINUSE for a taken port
 */
export async function startBedrockSimulator(
  options: BedrockOptionsInput,
  now: () => number = Date.now,
): Promise<Simulator> {
  const parsed = parseOptions('Bedrock', bedrockOptionsSchema, options);
  const { dataDir, port, latencyMs, accessKeyIds, eventsUrl, eventPlan } = parsed;
  const journal = new Journal(journalDirectory(dataDir), now);
  const buckets = connectBuckets(parsed.s3Url);
  const jobs = new BedrockJobs({ ...parsed, buckets, journal, now });
  const simulator = await startJobServer({
    dataDir,
    port,
    latencyMs,
    jobs: jobs.jobs,
    nameOf: jobArn,
    notifications: eventsUrl ? sendEvents(jobs.jobs, eventsUrl, eventPlan) : undefined,
    routes: jobRoutes(jobs),
    authorize: authorizer(accessKeyIds),
    notFound: unknownPath,
    renderError,
    headers: () => ({ 'x-amzn-requestid': randomUUID() }),
  });
  return {
    ...simulator,
    async close() {
      await simulator.close();
      buckets.close();
    },
  };
}

const EVENTS_SENT: Readonly<Record<EventOutcome, number>> = { sent: 1, lost: 0, duplicate: 2 };
const EVENT_TIMEOUT_MS = 10_000;

/**
 * Sends an event to EventBridge when a job ends, as Bedrock does on a best-effort basis:
 * https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-eventbridge-how-it-works.html
 */
function sendEvents(
  jobs: Jobs<BedrockJob>,
  eventsUrl: string,
  eventPlan: readonly EventOutcome[],
): EndWatch<BedrockJob> {
  return new EndWatch(jobs, async (job, _status, position) => {
    for (let left = EVENTS_SENT[outcomeAt(eventPlan, position)]; left > 0; left--)
      await putEvent(eventsUrl, jobObject(job, jobs.snapshotOf(job)));
  });
}

async function putEvent(
  url: string,
  { jobArn: arn, jobName, modelId, status, message }: ReturnType<typeof jobObject>,
): Promise<void> {
  const detail = {
    version: '0.0',
    accountId: ACCOUNT_ID,
    batchJobName: jobName,
    batchJobArn: arn,
    batchModelId: modelId,
    status,
    failureMessage: message ?? '',
  };
  const entry = {
    Source: 'aws.bedrock',
    DetailType: 'Batch Inference Job State Change',
    Resources: [arn],
    Detail: JSON.stringify(detail),
  };
  // An event that cannot be sent is lost, as it may be with Bedrock.
  await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AWSEvents.PutEvents',
    },
    body: JSON.stringify({ Entries: [entry] }),
    signal: AbortSignal.timeout(EVENT_TIMEOUT_MS),
  }).catch(() => {});
}
